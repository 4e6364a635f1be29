"""Which Weaver this is."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "weaver-trading"
NOT_INSTALLED = "0+checkout"


def release() -> str:
    """Return the version that is installed; a checkout that is not installed has none of its own."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return NOT_INSTALLED
