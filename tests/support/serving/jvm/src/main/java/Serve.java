import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.SessionFunction;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;
import org.tensorflow.proto.FloatList;
import org.tensorflow.proto.Int64List;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Sends raw rows through the signatures of a SavedModel and prints what comes out.
 *
 * <p>Arguments: the SavedModel's folder, a signature, a file of rows. The file has a line for each column: its name, then the rows'
 * cells, all separated by tabs; an empty cell is missing. The answer has such lines too, one for each output; a row's several
 * values are separated by spaces.
 */
public final class Serve {
  private final SavedModelBundle model;
  private final Map<String, String[]> cells;

  private Serve(SavedModelBundle model, Map<String, String[]> cells) {
    this.model = model;
    this.cells = cells;
  }

  public static void main(String[] args) throws IOException {
    System.err.println("TensorFlow " + TensorFlow.version());
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    try (SavedModelBundle model = SavedModelBundle.load(args[0], "serve")) {
      Serve serve = new Serve(model, read(Path.of(args[2])));
      SessionFunction function = model.function(args[1]);
      boolean examples = function.signature().inputNames().equals(java.util.Set.of("examples"));
      Map<String, Tensor> inputs = examples ? serve.examples() : serve.columns(function.signature());
      try (Result result = function.call(inputs)) {
        for (Map.Entry<String, Tensor> output : result) {
          out.println(output.getKey() + "\t" + text(output.getValue()));
        }
      }
    }
    out.flush();
  }

  private static Map<String, String[]> read(Path path) throws IOException {
    Map<String, String[]> columns = new LinkedHashMap<>();
    for (String line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
      String[] parts = line.split("\t", -1);
      columns.put(parts[0], Arrays.copyOfRange(parts, 1, parts.length));
    }
    return columns;
  }

  /** A tensor for each raw column, of the type that the signature says. */
  private Map<String, Tensor> columns(Signature signature) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    signature.getInputs().forEach((name, about) -> inputs.put(name, tensor(about.dataType.name(), cells.get(name))));
    return inputs;
  }

  private static Tensor tensor(String type, String[] column) {
    switch (type) {
      case "DT_FLOAT":
        return TFloat32.tensorOf(
            Shape.of(column.length), data -> fill(column, (row, cell) -> data.setFloat(number(cell), row)));
      case "DT_INT64":
        return TInt64.tensorOf(
            Shape.of(column.length), data -> fill(column, (row, cell) -> data.setLong(integer(cell), row)));
      default:
        return TString.vectorOf(column);
    }
  }

  private interface Setter {
    void set(long row, String cell);
  }

  private static void fill(String[] column, Setter setter) {
    for (int row = 0; row < column.length; row++) {
      setter.set(row, column[row]);
    }
  }

  private static float number(String cell) {
    return cell.isEmpty() ? Float.NaN : Float.parseFloat(cell);
  }

  private static long integer(String cell) {
    return cell.isEmpty() ? Long.MIN_VALUE : Long.parseLong(cell);
  }

  /** Serialized Examples of the columns that `serving_default` takes; what is missing is left out. */
  private Map<String, Tensor> examples() {
    Signature types = model.function("serving_default").signature();
    List<byte[]> rows = new ArrayList<>();
    for (int row = 0; row < cells.values().iterator().next().length; row++) {
      Features.Builder features = Features.newBuilder();
      for (Map.Entry<String, Signature.TensorDescription> input : types.getInputs().entrySet()) {
        String cell = cells.get(input.getKey())[row];
        if (!cell.isEmpty()) {
          features.putFeature(input.getKey(), feature(input.getValue().dataType.name(), cell));
        }
      }
      rows.add(Example.newBuilder().setFeatures(features).build().toByteArray());
    }
    byte[][] serialized = rows.toArray(new byte[0][]);
    return Map.of(
        "examples", TString.tensorOfBytes(NdArrays.wrap(Shape.of(rows.size()), DataBuffers.ofObjects(serialized))));
  }

  private static Feature feature(String type, String cell) {
    switch (type) {
      case "DT_FLOAT":
        return Feature.newBuilder().setFloatList(FloatList.newBuilder().addValue(number(cell))).build();
      case "DT_INT64":
        return Feature.newBuilder().setInt64List(Int64List.newBuilder().addValue(integer(cell))).build();
      default:
        return Feature.newBuilder()
            .setBytesList(BytesList.newBuilder().addValue(com.google.protobuf.ByteString.copyFromUtf8(cell)))
            .build();
    }
  }

  private static String text(Tensor tensor) {
    long rows = tensor.shape().get(0);
    long each = rows == 0 ? 0 : tensor.shape().size() / rows;
    List<String> values = new ArrayList<>();
    if (tensor instanceof TFloat32) {
      ((TFloat32) tensor).scalars().forEach(value -> values.add(Float.toString(value.getFloat())));
    } else if (tensor instanceof TInt64) {
      ((TInt64) tensor).scalars().forEach(value -> values.add(Long.toString(value.getLong())));
    } else {
      ((TString) tensor).scalars().forEach(value -> values.add(value.getObject()));
    }
    List<String> cells = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      cells.add(String.join(" ", values.subList((int) (row * each), (int) ((row + 1) * each))));
    }
    return String.join("\t", cells);
  }
}
