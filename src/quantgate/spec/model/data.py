"""The spec's `data`: where samples come from, how they are read, which are taken."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from quantgate.spec.model.section import Alternatives, Section, Text

Selection = Literal["first", "random", "stratified"]
FeatureType = Literal["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
Format = Literal[
    "npz", "npy", "tfrecord", "images", "csv", "parquet", "tf_data", "python", "random"
]
#: The keys of a data source that say how it is read.
OPTION_KEYS = frozenset({"format", "features", "images", "columns", "random"})
#: Keys that a resolved spec only has where they say something.
LEFT_OUT = OPTION_KEYS | {"signatures"}
Count = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]

SOURCE = (
    "An .npz, TFRecord, CSV or Parquet file, a folder of .npy files, of images by class, or of "
    "`tf.data.Dataset.save`, a Python function as `module:function`, or `random`."
)


class Feature(Alternatives):
    """One feature of the `tf.train.Example` records in a TFRecord file."""

    shape: list[Count] = Field(default=[], description="Shape of one sample; `[]` is a number.")
    dtype: FeatureType = Field(default="float32", description="Type of its values.")
    encoding: Literal["raw", "image", "text"] | None = Field(
        default=None,
        description="How a bytes feature is read: `raw` values of `dtype`, an encoded `image`, or "
        "`text`, a name to slice by.",
    )


class ImageOptions(Alternatives):
    """How an image becomes an array [height, width, channels]."""

    size: list[Count] | None = Field(
        default=None,
        description="Height and width; by default those of the model's input.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    resize: Literal["bilinear", "nearest", "bicubic"] = Field(
        default="bilinear", description="Pillow's filter for images of another size."
    )
    crop: Literal["none", "center"] = Field(
        default="none",
        description="`center` cuts the middle out in the proportions of `size`; `none` distorts.",
    )
    channels: Literal["rgb", "bgr", "grayscale"] | None = Field(
        default=None,
        description="By default `grayscale` where the model's input has one channel, else `rgb`.",
    )
    scale: float | None = Field(
        default=None, description="What pixels, 0 to 255, are multiplied with."
    )
    mean: list[float] | None = Field(
        default=None, description="Then subtracted: one value, or one a channel."
    )
    std: list[PositiveFloat] | None = Field(
        default=None, description="Then divided by: one value, or one a channel."
    )


class RandomOptions(Alternatives):
    """How random data is made."""

    range: list[float] = Field(
        default=[0.0, 1.0],
        description="Least and greatest value.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    classes: int | None = Field(
        default=None,
        ge=2,
        description="Labels are random classes below this; by default random outputs.",
    )


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Columns = Annotated[
    list[Text],
    BeforeValidator(_one_or_several, json_schema_input_type=Text | list[Text]),
    Field(min_length=1),
]


class DataSource(Section):
    """Where samples come from, and how they are read."""

    source: Text = Field(description=SOURCE)
    format: Format | None = Field(
        default=None, description="What the source is, where its name or content does not tell."
    )
    features: dict[str, Feature] | None = Field(
        default=None, min_length=1, description="For TFRecord files: the features, by name."
    )
    images: ImageOptions | None = Field(
        default=None, description="For images: size, colours and normalization."
    )
    columns: dict[str, Columns] | None = Field(
        default=None,
        min_length=1,
        description="For CSV and Parquet: column or columns by input; by default of its name.",
    )
    random: RandomOptions | None = Field(
        default=None, description="For random data: range and classes."
    )

    @model_serializer(mode="wrap")
    def _without_idle_options(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given: dict[str, Any] = handler(self)
        return {k: v for k, v in given.items() if v or k not in LEFT_OUT}


class CalibrationSamples(DataSource):
    """Representative samples of a signature."""

    samples: int = Field(default=200, ge=1, description="How many samples to calibrate on.")
    select: Selection = Field(default="random", description="How samples are chosen.")
    seed: int = Field(default=0, ge=0, description="Seed of the choice.")
    label: Text | None = Field(
        default=None,
        description="Key of the labels, for a stratified choice; by default the evaluation's.",
    )


class EvaluationSamples(DataSource):
    """Labelled samples of a signature."""

    label: Text | None = Field(
        default=None,
        description="Key of the labels or targets; of images by class the folder is the label.",
    )
    samples: int | None = Field(default=None, ge=1, description="How many samples; all by default.")
    select: Selection = Field(default="random", description="How samples are chosen.")
    seed: int = Field(default=0, ge=0, description="Seed of the choice.")


class CalibrationData(CalibrationSamples):
    """Representative samples; needed by the integer modes."""

    signatures: dict[str, CalibrationSamples] = Field(
        default={},
        description="Sources of single signatures by key; `source` is for all the others.",
    )

    def of(self, signature: str) -> CalibrationSamples:
        """What is said of one signature's samples."""
        return self.signatures.get(signature, self)


class EvaluationData(EvaluationSamples):
    """Labelled samples that accuracy is measured on."""

    signatures: dict[str, EvaluationSamples] = Field(
        default={},
        description="Sources of single signatures by key; `source` is for all the others.",
    )

    def of(self, signature: str) -> EvaluationSamples:
        """What is said of one signature's samples."""
        return self.signatures.get(signature, self)


class Data(Section):
    """Where the data is."""

    calibration: CalibrationData | None = Field(
        default=None, description="Representative samples; needed by the integer modes."
    )
    evaluation: EvaluationData
    allow_random: bool = Field(
        default=False, description="Whether the gate may pass a candidate on random data."
    )
