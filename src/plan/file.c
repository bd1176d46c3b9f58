/* The plan file: a header, a table of sections, the sections. Each section has a checksum, the
 * header one over itself and the table; every padding byte must be zero: so no byte of the file can
 * change unseen. */
#include <string.h>

#include "base/hash.h"
#include "plan/records.h"
#include "plugin/plugin.h"

enum {
  SECTION_META = 1,
  SECTION_REPORT = 2,
  SECTION_WEIGHTS = 3,
  SECTION_SOURCES = 4,
  SECTIONS = 4,
  ALIGN = 4096, /* sections begin on pages, so that weights can be mapped and read ahead alone */
};

static const char magic[8] = {'S', 'C', 'U', 'L', 'L', 'P', 'L', 'N'};

typedef struct {
  uint32_t kind, reserved;
  uint64_t offset, size, hash;
} section_t;

typedef struct {
  char magic[8];
  uint32_t format, section_count;
  uint64_t file_size;
  uint64_t reserved[4];
  uint64_t hash; /* of the header before this field and of the table */
  section_t sections[SECTIONS];
} header_t;

static uint64_t header_hash(const header_t *h) {
  uint64_t hash = scull_base_hash64(h, offsetof(header_t, hash), h->format);
  return scull_base_hash64(h->sections, sizeof h->sections, hash);
}

void scull_plan_init(scull_plan_t *plan) {
  *plan = (scull_plan_t){
      .format = SCULL_PLAN_FORMAT, .library = "", .backend = "", .device = "", .report = ""};
}

void scull_plan_deinit(scull_plan_t *plan) {
  scull_base_arena_deinit(&plan->arena);
  scull_base_file_close(&plan->file);
  scull_base_free(plan->owned);
  scull_plan_init(plan);
}

/* --- writing ---------------------------------------------------------------------------------- */

static scull_status_t write_sections(scull_writer_t *writer, const scull_bytes_t *content) {
  header_t header = {.format = SCULL_PLAN_FORMAT, .section_count = SECTIONS};
  memcpy(header.magic, magic, sizeof magic);
  SCULL_TRY(scull_base_writer_add(writer, &header, sizeof header));
  for (uint32_t i = 0; i < SECTIONS; i++) {
    SCULL_TRY(scull_base_writer_align(writer, ALIGN));
    header.sections[i] =
        (section_t){.kind = i + 1,
                    .offset = scull_base_writer_position(writer),
                    .size = content[i].size,
                    .hash = scull_base_hash64_large(content[i].data, content[i].size, i + 1)};
    SCULL_TRY(scull_base_writer_add(writer, content[i].data, content[i].size));
  }
  header.file_size = scull_base_writer_position(writer);
  header.hash = header_hash(&header);
  return scull_base_writer_patch(writer, 0, &header, sizeof header);
}

scull_status_t scull_plan_write(const scull_plan_t *plan, const char *path, scull_diag_t *diag) {
  scull_codec_t codec;
  scull_writer_t *writer = NULL;
  scull_plan_t copy = *plan; /* the description is shared with reading, which writes into it */
  scull_base_codec_write(&codec);
  codec.version = SCULL_PLAN_FORMAT;
  scull_plan_codec_head(&codec, &copy);
  scull_plan_codec_meta(&codec, &copy);
  scull_status_t status = codec.failed ? scull_base_fail_memory(diag, "a plan") : SCULL_OK;
  if (status == SCULL_OK)
    status = scull_base_writer_create(path, &writer, diag);
  if (status == SCULL_OK) {
    const scull_bytes_t content[SECTIONS] = {
        {(const uint8_t *)codec.out.data, codec.out.size},
        {(const uint8_t *)plan->report, strlen(plan->report)},
        plan->weights,
        plan->sources,
    };
    status = write_sections(writer, content);
    if (status == SCULL_OK)
      status = scull_base_writer_commit(writer);
    else
      scull_base_writer_destroy(writer);
  }
  scull_base_codec_deinit(&codec);
  return status;
}

void scull_plan_seal(void *bytes, size_t size) {
  header_t header;
  if (size < sizeof header)
    return;
  memcpy(&header, bytes, sizeof header);
  for (uint32_t i = 0; i < SECTIONS; i++) {
    section_t *s = &header.sections[i];
    if (s->offset <= size && s->size <= size - s->offset)
      s->hash = scull_base_hash64_large((const char *)bytes + s->offset, s->size, i + 1);
  }
  header.hash = header_hash(&header);
  memcpy(bytes, &header, sizeof header);
}

/* --- reading ---------------------------------------------------------------------------------- */

static scull_status_t corrupt(scull_diag_t *diag, const char *name, uint64_t offset,
                              const char *cause) {
  return scull_base_fail(diag, SCULL_CORRUPT, "%s: at byte %llu: %s", name,
                         (unsigned long long)offset, cause);
}

static scull_status_t check_header(const header_t *h, scull_bytes_t bytes, const char *name,
                                   scull_diag_t *diag) {
  if (memcmp(h->magic, magic, sizeof magic) != 0)
    return corrupt(diag, name, 0, "this is no plan file");
  if (h->format < SCULL_PLAN_OLDEST || h->format > SCULL_PLAN_FORMAT)
    return scull_base_fail(
        diag, SCULL_NEEDS_BUILD,
        "%s: the plan has format %u, this version reads %u to %u: build it again", name, h->format,
        SCULL_PLAN_OLDEST, SCULL_PLAN_FORMAT);
  if (h->hash != header_hash(h) || h->section_count != SECTIONS)
    return corrupt(diag, name, 0, "the header is damaged");
  if (h->file_size != bytes.size)
    return corrupt(diag, name, bytes.size, "the file is truncated or has grown");
  return SCULL_OK;
}

static bool all_zero(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (data[i] != 0)
      return false;
  }
  return true;
}

/* Checks place and checksum of each section, and that nothing hides between them. */
static scull_status_t find_sections(const header_t *h, scull_bytes_t bytes, const char *name,
                                    scull_bytes_t *out, scull_diag_t *diag) {
  uint64_t end = sizeof *h;
  for (uint32_t i = 0; i < SECTIONS; i++) {
    const section_t *s = &h->sections[i];
    if (s->kind != i + 1 || s->offset < end || s->offset > bytes.size ||
        s->size > bytes.size - s->offset || s->offset % ALIGN != 0)
      return corrupt(diag, name, offsetof(header_t, sections) + i * sizeof *s,
                     "a section lies outside the file");
    if (!all_zero(bytes.data + end, s->offset - end))
      return corrupt(diag, name, end, "bytes between sections are not zero");
    out[i] = (scull_bytes_t){bytes.data + s->offset, s->size};
    end = s->offset + s->size;
  }
  return end == bytes.size ? SCULL_OK : corrupt(diag, name, end, "bytes after the last section");
}

static scull_status_t check_hash(scull_bytes_t bytes, uint32_t kind, uint64_t hash,
                                 const char *name, uint64_t offset, scull_diag_t *diag) {
  if (scull_base_hash64_large(bytes.data, bytes.size, kind) == hash)
    return SCULL_OK;
  return corrupt(diag, name, offset, "a section's checksum does not match");
}

/* All but the sources: reading them costs a start half as much again, and few need them. */
static scull_status_t check_hashes(const header_t *h, const scull_bytes_t *sections,
                                   const char *name, scull_diag_t *diag) {
  for (uint32_t i = 0; i < SECTIONS; i++) {
    const section_t *s = &h->sections[i];
    if (s->kind != SECTION_SOURCES)
      SCULL_TRY(check_hash(sections[i], s->kind, s->hash, name, s->offset, diag));
  }
  return SCULL_OK;
}

scull_status_t scull_plan_sources(const scull_plan_t *plan, scull_bytes_t *out,
                                  scull_diag_t *diag) {
  *out = plan->sources;
  if (plan->name == NULL)
    return SCULL_OK;
  return check_hash(plan->sources, SECTION_SOURCES, plan->sources_hash, plan->name,
                    plan->sources_offset, diag);
}

/* Small constants that shape rules read lie in the weights: let the sites point at them. */
static void bind_constants(scull_plan_t *plan) {
  for (size_t i = 0; i < plan->step_count; i++) {
    scull_plan_step_t *step = &plan->steps[i];
    for (size_t k = 0; k < step->site.value_count; k++) {
      if (!step->site.values[k].is_constant || step->bindings[k] == SCULL_PLAN_NONE)
        continue;
      const scull_plan_value_t *v = &plan->values[step->bindings[k]];
      step->site.values[k].data = plan->weights.data + plan->buffers[v->buffer].offset;
    }
    step->site.threads = plan->threads;
    step->site.workspace = plan->workspace;
  }
}

scull_status_t scull_plan_read(scull_bytes_t bytes, const char *name, scull_plan_t *out,
                               scull_diag_t *diag) {
  header_t header;
  scull_bytes_t sections[SECTIONS];
  scull_codec_t codec;
  if (bytes.size < sizeof header)
    return corrupt(diag, name, bytes.size, "the file is too short for a plan");
  if ((uintptr_t)bytes.data % SCULL_MEMORY_ALIGN != 0)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "%s: the plan's memory is not aligned",
                           name);
  memcpy(&header, bytes.data, sizeof header);
  SCULL_TRY(check_header(&header, bytes, name, diag));
  SCULL_TRY(find_sections(&header, bytes, name, sections, diag));
  SCULL_TRY(check_hashes(&header, sections, name, diag));
  scull_base_codec_read(&codec, sections[0], &out->arena);
  out->format = codec.version = header.format;
  scull_plan_codec_head(&codec, out);
  for (size_t i = 0; !codec.failed && i < out->plugin_count; i++)
    SCULL_TRY(scull_plugin_need(out->plugins[i].name, out->plugins[i].version, name, diag));
  scull_plan_codec_meta(&codec, out);
  if (!codec.failed && codec.at != codec.in.size)
    scull_base_codec_fail(&codec, "bytes after the last record");
  if (codec.no_memory)
    return scull_base_fail_memory(diag, "a plan");
  if (codec.failed)
    return corrupt(diag, name, header.sections[0].offset + codec.at, codec.fault);
  out->report =
      scull_base_arena_string(&out->arena, (const char *)sections[1].data, sections[1].size);
  out->name = scull_base_arena_string(&out->arena, name, strlen(name));
  if (out->report == NULL || out->name == NULL) {
    out->report = "";
    return scull_base_fail_memory(diag, "a plan");
  }
  out->weights = sections[2];
  out->sources = sections[3];
  out->sources_offset = header.sections[3].offset;
  out->sources_hash = header.sections[3].hash;
  SCULL_TRY(scull_plan_verify(out, name, diag));
  bind_constants(out);
  return SCULL_OK;
}

/* From the beginning to the sources, as far as the header can be believed. */
static size_t wanted_bytes(scull_bytes_t bytes) {
  header_t header;
  if (bytes.size < sizeof header)
    return bytes.size;
  memcpy(&header, bytes.data, sizeof header);
  uint64_t end = header.sections[SECTIONS - 1].offset;
  return end < bytes.size ? (size_t)end : bytes.size;
}

scull_status_t scull_plan_open(const char *path, scull_plan_t *out, scull_diag_t *diag) {
  SCULL_TRY(scull_base_file_open(path, &out->file, diag));
  scull_base_file_will_need(&out->file, 0, wanted_bytes(out->file.bytes));
  return scull_plan_read(out->file.bytes, path, out, diag);
}
