"""The spec's `data`: the sources of samples, their formats, and the selection of samples."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from quantgate.domain.sharding import MOST_SHARDS
from quantgate.spec.model.section import Alternatives, Section, Text

Selection = Literal["first", "random", "stratified"]
FeatureType = Literal["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
Format = Literal[
    "npz", "npy", "tfrecord", "images", "csv", "parquet", "tf_data", "python", "random"
]
#: The keys of a data source about its format.
OPTION_KEYS = frozenset({"format", "features", "images", "columns", "random", "classes"})
#: Keys that are left out of a resolved spec if they are empty.
LEFT_OUT = OPTION_KEYS | {"signatures", "group", "shards"}
Count = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]

SOURCE = (
    "An .npz, TFRecord, CSV or Parquet file. Or a folder of .npy files, of images in one folder "
    "per class, or of `tf.data.Dataset.save`. Or a Python function as `module:function`, or "
    "`random`."
)


class Feature(Alternatives):
    """A feature of the `tf.train.Example` records in a TFRecord file."""

    shape: list[Count] = Field(
        default=[], description="Shape of one sample. `[]` is a single number."
    )
    dtype: FeatureType = Field(default="float32", description="Type of the values.")
    encoding: Literal["raw", "image", "text"] | None = Field(
        default=None,
        description="Encoding of a bytes feature: `raw` values of `dtype`, an encoded `image`, or "
        "`text` for labels with `classes`, or to slice by.",
    )


class ImageOptions(Alternatives):
    """Preprocessing of images to arrays [height, width, channels]."""

    size: list[Count] | None = Field(
        default=None,
        description="Height and width. The default is the size of the model's input.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    resize: Literal["bilinear", "nearest", "bicubic"] = Field(
        default="bilinear", description="Pillow's filter for resizing."
    )
    crop: Literal["none", "center"] = Field(
        default="none",
        description="`center` crops the center to the aspect ratio of `size` before resizing. "
        "`none` does not keep the aspect ratio.",
    )
    channels: Literal["rgb", "bgr", "grayscale"] | None = Field(
        default=None,
        description="Color channels. The default is `grayscale` if the model's input has one "
        "channel, otherwise `rgb`.",
    )
    scale: float | None = Field(
        default=None, description="Factor for the pixel values, which are 0 to 255."
    )
    mean: list[float] | None = Field(
        default=None, description="Then subtracted: one value, or one per channel."
    )
    std: list[PositiveFloat] | None = Field(
        default=None, description="Then divided by: one value, or one per channel."
    )
    orientation: Literal["ignore", "apply"] | None = Field(
        default=None,
        description="Whether to turn images as their EXIF data says. The default is `ignore`, as "
        "in most training code.",
    )
    classes: list[Text] | None = Field(
        default=None,
        min_length=1,
        description="For one folder per class: the folders' names in the order of the model's "
        "outputs. A class may lack a folder. The default is all folders in alphabetical order.",
    )


class RandomOptions(Alternatives):
    """Settings of random data."""

    range: list[float] = Field(
        default=[0.0, 1.0],
        description="Smallest and largest value.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    classes: int | None = Field(
        default=None,
        ge=2,
        description="Number of classes for random labels. By default, labels are random outputs.",
    )


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Columns = Annotated[
    list[Text],
    BeforeValidator(_one_or_several, json_schema_input_type=Text | list[Text]),
    Field(min_length=1),
]


#: The number of calibration samples if the spec names none.
DEFAULT_SAMPLES = 200


class DataSource(Section):
    """A source of samples."""

    source: Text = Field(description=SOURCE)
    format: Format | None = Field(
        default=None,
        description="Format of the source, if its name and content do not show it.",
    )
    features: dict[str, Feature] | None = Field(
        default=None, min_length=1, description="For TFRecord files: the features by name."
    )
    images: ImageOptions | None = Field(
        default=None, description="For images: size, colors and normalization."
    )
    columns: dict[str, Columns] | None = Field(
        default=None,
        min_length=1,
        description="For CSV and Parquet: the column or columns of each input. The default is the "
        "column with the input's name.",
    )
    random: RandomOptions | None = Field(
        default=None, description="For random data: range and classes."
    )
    classes: list[Text] | None = Field(
        default=None,
        min_length=1,
        description="For labels that are text or categories: the names of the classes in the order "
        "of the model's outputs.",
    )

    @model_serializer(mode="wrap")
    def _without_idle_options(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given: dict[str, Any] = handler(self)
        return {k: v for k, v in given.items() if v or k not in LEFT_OUT}


class CalibrationSamples(DataSource):
    """Representative samples of a signature."""

    samples: int = Field(
        default=DEFAULT_SAMPLES, ge=1, description="Number of samples to calibrate on."
    )
    select: Selection = Field(default="random", description="How to select the samples.")
    seed: int = Field(default=0, ge=0, description="Seed of the selection.")
    label: Text | None = Field(
        default=None,
        description="Key of the labels, for a stratified selection. The default is the label of "
        "the evaluation data.",
    )


class EvaluationSamples(DataSource):
    """Labelled samples of a signature."""

    label: Text | None = Field(
        default=None,
        description="Key of the labels or targets. For images in one folder per class, the label "
        "is the folder.",
    )
    group: Text | None = Field(
        default=None,
        description="Key of groups, such as the speaker of each recording. For images, a regular "
        "expression for the file's path in its class folder, with parentheses around the group. "
        "Samples of one group may be alike, so limits with a `confidence` rest on the number of "
        "groups.",
    )
    samples: int | None = Field(
        default=None, ge=1, description="Number of samples. The default is all."
    )
    select: Selection = Field(default="random", description="How to select the samples.")
    seed: int = Field(default=0, ge=0, description="Seed of the selection.")


class SearchSamples(DataSource):
    """Samples that recovery and the search choose by, other than those of the evaluation."""

    label: Text | None = Field(
        default=None,
        description="Key of the labels or targets. For images in one folder per class, the label "
        "is the folder.",
    )
    samples: int | None = Field(
        default=None, ge=1, description="Number of samples. The default is all."
    )
    select: Selection = Field(default="random", description="How to select the samples.")
    seed: int = Field(default=0, ge=0, description="Seed of the selection.")


class CalibrationData(CalibrationSamples):
    """Representative samples, required by the integer modes."""

    shards: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SHARDS,
        description="Number of tasks that share the samples. The default is 1.",
    )
    signatures: dict[str, CalibrationSamples] = Field(
        default={},
        description="Sources of single signatures by key. `source` is for all others.",
    )

    def of(self, signature: str) -> CalibrationSamples:
        """Return the samples of a signature."""
        return self.signatures.get(signature, self)


class EvaluationData(EvaluationSamples):
    """Labelled samples that accuracy is measured on."""

    shards: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SHARDS,
        description="Number of tasks that build the samples, each from its share of the files or "
        "rows of `source`. No task then holds all samples. The default is 1.",
    )
    signatures: dict[str, EvaluationSamples] = Field(
        default={},
        description="Sources of single signatures by key. `source` is for all others.",
    )

    def of(self, signature: str) -> EvaluationSamples:
        """Return the samples of a signature."""
        return self.signatures.get(signature, self)


class Data(Section):
    """The calibration and evaluation data."""

    calibration: CalibrationData | None = Field(
        default=None, description="Representative samples, required by the integer modes."
    )
    evaluation: EvaluationData
    search: SearchSamples | None = Field(
        default=None,
        exclude_if=lambda search: search is None,
        description="Labelled samples that `quantize.recover` and `quantize.search` choose by. "
        "They use the first metric with a limit. The default is the agreement with the float "
        "model on held-back calibration samples.",
    )
    allow_random: bool = Field(
        default=False, description="Whether the gate may pass a candidate on random data."
    )
