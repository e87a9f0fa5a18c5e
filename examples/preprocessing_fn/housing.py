"""The textbook's preprocessing function: a standardized number, and a text's id in the vocabulary."""

from typing import Any

import tensorflow_transform as tft


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """From the columns of a batch of rows to features."""
    median_age = inputs["housing_median_age"]
    ocean_proximity = inputs["ocean_proximity"]
    return {
        # Their mean and standard deviation take a pass over all train rows.
        "standardized_median_age": tft.scale_to_z_score(median_age),
        # So does the vocabulary.
        "ocean_proximity_id": tft.compute_and_apply_vocabulary(ocean_proximity),
        # As it is: the label, by `label = "median_house_value"` in the configuration.
        "median_house_value": inputs["median_house_value"],
    }
