"""What the data is: schema, statistics, validation. Knows neither Beam nor TensorFlow."""
