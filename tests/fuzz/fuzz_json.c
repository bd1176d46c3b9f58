/* PIR JSON, without parameters' file. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_import_options_t options = {
      .model = {size == 0 ? &none : data, size}, .format = "paddle_pir", .max_batch = 2};
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  return 0;
}

#define F32(dims) "{\"#\":\"0.t_dtensor\",\"D\":[{\"#\":\"0.t_f32\"},[" dims "],\"NCHW\",[],0]}"
#define HEAD                                                                                       \
  "{\"base_code\":{\"magic\":\"pir\",\"version\":1},\"program\":{\"regions\":[{\"blocks\":[{"      \
  "\"ops\":[{\"#\":\"1.data\",\"I\":[],\"A\":[{\"N\":\"name\",\"AT\":{\"#\":\"0.a_str\",\"D\":"    \
  "\"x\"}}],\"O\":[{\"%\":1,\"TT\":" F32("-1,4,6") "}]},"
#define TAIL                                                                                       \
  "{\"#\":\"1.fetch\",\"A\":[{\"N\":\"col\",\"AT\":{\"#\":\"0.a_i32\",\"D\":0}}],\"I\":[{\"%\":9}" \
  "],\"O\":[]}]}]}]}}"
#define LIST                                                                                       \
  "{\"#\":\"1.full_int_array\",\"I\":[],\"A\":[{\"N\":\"value\",\"AT\":{\"#\":\"0.a_array\","      \
  "\"D\":"                                                                                         \
  "[{\"#\":\"0.a_i64\",\"D\":0},{\"#\":\"0.a_i64\",\"D\":-1}]}}],\"O\":[{\"%\":2}]},"

#define TRUTH(value, number)                                                                       \
  "{\"#\":\"1.full\",\"I\":[],\"A\":[{\"N\":\"shape\",\"AT\":{\"#\":\"1.a_intarray\",\"D\":[]}},{" \
  "\"N\":\"value\",\"AT\":{\"#\":\"1.a_scalar\",\"D\":[\"bool\"," value                            \
  "]}},{\"N\":\"dtype\",\"AT\":{\"#\":\"1.a_dtype\",\"D\":\"bool\"}}],\"O\":[{\"%\":" number       \
  "}]},"
#define YIELD(a, b) "{\"#\":\"2.yield\",\"I\":[{\"%\":" a "},{\"%\":" b "}],\"O\":[]}"

static const char *const seeds[] = {
    HEAD TRUTH("true",
               "2") "{\"#\":\"1.while\",\"I\":[{\"%\":2},{\"%\":1}],\"O\":[{\"%\":9,"
                    "\"TT\":" F32(
                        "-1,4,6") "}],\"regions\":[{\"blocks\":[{\"args\":[{\"#\":"
                                  "-1,\"TT\":" F32(
                                      "-1,4,6") "}],\"ops\":["
                                                "{\"#\":\"1.if\",\"I\":[{\"%\":2}]"
                                                ",\"O\":[{\"%\":3},{\"%\":4}],"
                                                "\"regions\":[{\"blocks\":[{"
                                                "\"args\":[],"
                                                "\"ops\":[{\"#\":\"1.relu\",\"I\":"
                                                "[{\"%\":-1}],\"O\":[{\"%\":5}]}"
                                                "," YIELD("2",
                                                          "5") "]}]},{\"blocks\":["
                                                               "{\"args\":[],\"ops\":"
                                                               "[" YIELD("2", "1") "]}]}]}," TRUTH(
                                                                   "false", "6")
                                                                   YIELD("6", "4") "]}]}]}"
                                                                                   "," TAIL,
    HEAD LIST "{\"#\":\"1.reshape\",\"I\":[{\"%\":1},{\"%\":2}],\"O\":[{\"%\":9}]}," TAIL,
    HEAD "{\"#\":\"1.split_with_num\",\"A\":[{\"N\":\"num\",\"AT\":{\"#\":\"0.a_i32\",\"D\":2}},{"
         "\"N\":\"axis\",\"AT\":{\"#\":\"0.a_i32\",\"D\":1}}],\"I\":[{\"%\":1},{\"%\":0}],\"O\":[{"
         "\"%\":3,\"TT\":{\"#\":\"0.t_vec\",\"D\":[" F32("-1,2,6") "," F32(
             "-1,2,6") "]}}]},"
                       "{\"#\":\"0.split\",\"I\":[{\"%\":3}],\"O\":[{\"%\":4},{\"%\":5}]},{\"#\":"
                       "\"0.combine\","
                       "\"I\":[{\"%\":5},{\"%\":4}],\"O\":[{\"%\":6}]},{\"#\":\"1.concat\",\"I\":[{"
                       "\"%\":6}],"
                       "\"O\":[{\"%\":9}]}," TAIL,
    HEAD "{\"#\":\"1.scale_\",\"A\":[{\"N\":\"bias\",\"AT\":{\"#\":\"0.a_f32\",\"VD\":\"NaN\"}}],"
         "\"I\":[{\"%\":1},{\"%\":0}],\"O\":[{\"%\":9,\"TT\":" F32("-1,4,6") "}]}," TAIL,
    HEAD "{\"#\":\"p\",\"A\":[0,1,1,\"w\"],\"O\":{\"%\":7,\"TT\":" F32(
        "6,2") "},\"OA\":[0,0,1]},"
               "{\"#\":\"1.if\",\"I\":[{\"%\":1}],\"O\":[{\"%\":9}],\"regions\":[{\"blocks\":[{"
               "\"ops\":[{"
               "\"#\":\"1.tanh\"}]}]}]}," TAIL,
};

bool fuzz_seed(size_t index, scull_text_t *out) {
  if (index >= sizeof seeds / sizeof seeds[0])
    return false;
  scull_base_text_add(out, seeds[index], strlen(seeds[index]));
  return true;
}
