"""The two images that the components run in. `components/Containerfile` builds both."""

from quantgate import __version__

#: TensorFlow and LiteRT, for conversion.
CONVERT = f"quantgate/convert:{__version__}"
#: LiteRT without TensorFlow, for all other tasks.
RUNTIME = f"quantgate/runtime:{__version__}"
