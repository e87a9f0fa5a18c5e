/* Sends raw rows through a signature of a SavedModel with TensorFlow's C API, and prints what comes out.
 *
 * Arguments: the SavedModel's folder, a signature that takes raw columns, a file of rows. The file has a line for each column: its
 * name, then the rows' cells, all separated by tabs; an empty cell is missing. The answer has such lines too, one for each output;
 * a row's several values are separated by spaces.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tensorflow/c/c_api.h>

enum { MOST = 1000 };

/* Protobuf's wire format: just enough of it to read a SignatureDef. */

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
} Bytes;

typedef struct {
  int number;
  uint64_t varint;
  Bytes bytes;
} Field;

typedef struct {
  char *name;
  TF_DataType type;
  TF_Output tensor;
} Slot;

typedef struct {
  char *name;
  char *cells[MOST];
  int rows;
} Column;

static void fail(const char *what, const char *which) {
  fprintf(stderr, "serve: %s: %s\n", what, which);
  exit(1);
}

static void check(TF_Status *status) {
  if (TF_GetCode(status) != TF_OK) fail("TensorFlow", TF_Message(status));
}

static uint64_t varint(Bytes *message) {
  uint64_t value = 0;
  for (int shift = 0; message->at < message->end; shift += 7) {
    uint8_t byte = *message->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

static bool next(Bytes *message, Field *field) {
  if (message->at >= message->end) return false;
  uint64_t tag = varint(message);
  *field = (Field){.number = (int)(tag >> 3), .bytes = {message->at, message->at}};
  switch (tag & 7) {
    case 0:
      field->varint = varint(message);
      return true;
    case 1:
      message->at += 8;
      return true;
    case 2: {
      uint64_t size = varint(message);
      field->bytes = (Bytes){message->at, message->at + size};
      message->at += size;
      return true;
    }
    case 5:
      message->at += 4;
      return true;
  }
  fail("the graph's message", "unknown wire type");
  return false;
}

/* The last field of a number in a message; without one, empty. */
static Field get(Bytes message, int number) {
  Field field, found = {0};
  while (next(&message, &field)) {
    if (field.number == number) found = field;
  }
  return found;
}

static char *text(Bytes bytes) {
  size_t size = (size_t)(bytes.end - bytes.at);
  char *copy = calloc(size + 1, 1);
  if (size) memcpy(copy, bytes.at, size);
  return copy;
}

/* MetaGraphDef.signature_def is field 5, a map: of its entries, 1 is the key and 2 the value. */
static Bytes signature(Bytes graph, const char *name) {
  Field field;
  while (next(&graph, &field)) {
    if (field.number != 5) continue;
    char *key = text(get(field.bytes, 1).bytes);
    bool same = strcmp(key, name) == 0;
    free(key);
    if (same) return get(field.bytes, 2).bytes;
  }
  fail("no such signature", name);
  return (Bytes){0};
}

/* SignatureDef.inputs is 1 and .outputs 2; of a TensorInfo, 1 is the tensor's name and 2 its type. */
static int slots(Bytes signature, int number, TF_Graph *graph, Slot *found) {
  int count = 0;
  Field field;
  while (next(&signature, &field)) {
    if (field.number != number || count == MOST) continue;
    Bytes about = get(field.bytes, 2).bytes;
    char *tensor = text(get(about, 1).bytes);
    char *colon = strrchr(tensor, ':');
    int index = colon ? atoi(colon + 1) : 0;
    if (colon) *colon = 0;
    Slot slot = {text(get(field.bytes, 1).bytes), (TF_DataType)get(about, 2).varint, {0}};
    slot.tensor = (TF_Output){TF_GraphOperationByName(graph, tensor), index};
    if (!slot.tensor.oper) fail("no such operation", tensor);
    free(tensor);
    found[count++] = slot;
  }
  return count;
}

static int read_columns(const char *path, Column *columns) {
  FILE *file = fopen(path, "r");
  if (!file) fail("can't read", path);
  char *line = NULL;
  size_t size = 0;
  int count = 0;
  while (count < MOST && getline(&line, &size, file) > 0) {
    line[strcspn(line, "\n")] = 0;
    char *rest = strdup(line);
    Column *column = &columns[count++];
    column->name = strsep(&rest, "\t");
    while (rest && column->rows < MOST) column->cells[column->rows++] = strsep(&rest, "\t");
  }
  free(line);
  fclose(file);
  return count;
}

static const Column *named(const Column *columns, int count, const char *name) {
  for (int index = 0; index < count; index++) {
    if (strcmp(columns[index].name, name) == 0) return &columns[index];
  }
  fail("the rows lack a column", name);
  return NULL;
}

static TF_Tensor *feed(const Column *column, TF_DataType type) {
  int64_t rows = column->rows;
  /* TensorFlow says 0 for the size of a string. */
  size_t each = type == TF_STRING ? sizeof(TF_TString) : TF_DataTypeSize(type);
  TF_Tensor *tensor = TF_AllocateTensor(type, &rows, 1, (size_t)rows * each);
  void *data = TF_TensorData(tensor);
  for (int row = 0; row < column->rows; row++) {
    const char *cell = column->cells[row];
    if (type == TF_FLOAT) {
      ((float *)data)[row] = *cell ? strtof(cell, NULL) : NAN;
    } else if (type == TF_INT64) {
      ((int64_t *)data)[row] = *cell ? strtoll(cell, NULL, 10) : INT64_MIN;
    } else if (type == TF_STRING) {
      TF_StringInit((TF_TString *)data + row);
      TF_StringCopy((TF_TString *)data + row, cell, strlen(cell));
    } else {
      fail("a type that raw columns don't have", column->name);
    }
  }
  return tensor;
}

static void print_value(const TF_Tensor *tensor, int64_t index) {
  const void *data = TF_TensorData(tensor);
  if (TF_TensorType(tensor) == TF_FLOAT) {
    printf("%.9g", (double)((const float *)data)[index]);
  } else if (TF_TensorType(tensor) == TF_INT64) {
    printf("%" PRId64, ((const int64_t *)data)[index]);
  } else {
    const TF_TString *value = (const TF_TString *)data + index;
    fwrite(TF_StringGetDataPointer(value), 1, TF_StringGetSize(value), stdout);
  }
}

static void print(const char *name, const TF_Tensor *tensor) {
  int64_t rows = TF_Dim(tensor, 0), each = rows ? TF_TensorElementCount(tensor) / rows : 0;
  printf("%s", name);
  for (int64_t index = 0; index < rows * each; index++) {
    putchar(index % each ? ' ' : '\t');
    print_value(tensor, index);
  }
  putchar('\n');
}

int main(int count, char **arguments) {
  static Column columns[MOST];
  static Slot inputs[MOST], outputs[MOST];
  static TF_Output from[MOST], to[MOST];
  static TF_Tensor *fed[MOST], *answers[MOST];
  if (count != 4) fail("usage", "serve MODEL SIGNATURE ROWS");
  fprintf(stderr, "TensorFlow %s\n", TF_Version());

  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_Buffer *meta = TF_NewBuffer();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags, 1, graph, meta, status);
  check(status);

  const uint8_t *start = meta->data;
  Bytes called = signature((Bytes){start, start + meta->length}, arguments[2]);
  int in = slots(called, 1, graph, inputs), out = slots(called, 2, graph, outputs);
  int known = read_columns(arguments[3], columns);
  for (int index = 0; index < in; index++) {
    from[index] = inputs[index].tensor;
    fed[index] = feed(named(columns, known, inputs[index].name), inputs[index].type);
  }
  for (int index = 0; index < out; index++) to[index] = outputs[index].tensor;

  TF_SessionRun(session, NULL, from, fed, in, to, answers, out, NULL, 0, NULL, status);
  check(status);
  for (int index = 0; index < out; index++) print(outputs[index].name, answers[index]);

  for (int index = 0; index < in; index++) TF_DeleteTensor(fed[index]);
  for (int index = 0; index < out; index++) TF_DeleteTensor(answers[index]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteBuffer(meta);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
