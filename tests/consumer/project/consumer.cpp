// A user's program in C++17: handles in std::unique_ptr, option structs from their INIT macros.
#include <scull/scull.h>

#include <cstdio>
#include <cstring>
#include <memory>

struct Destroy {
  void operator()(scull_builder_t *builder) const { scull_builder_destroy(builder); }
};

int main() {
  scull_builder_t *raw = nullptr;
  if (scull_builder_create(&raw) != SCULL_OK)
    return 1;
  std::unique_ptr<scull_builder_t, Destroy> builder(raw);
  scull_build_options_t options;
  scull_build_options_init(&options);
  scull_model_source_t source = SCULL_MODEL_SOURCE_INIT;
  source.model_path = "/nonexistent/model.pdmodel";
  options.model = source;
  scull_status_t status = scull_builder_build(builder.get(), &options, "net.plan");
  std::printf("%s: %s\n", scull_status_name(status), scull_last_error());
  return status == SCULL_NOT_FOUND && std::strstr(scull_last_error(), "model.pdmodel") ? 0 : 1;
}
