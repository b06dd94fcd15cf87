import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache folder of the test's own, and no data sets but the test's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ORGANZA_CACHE", str(folder))
    monkeypatch.delenv("ORGANZA_DATA", raising=False)
    monkeypatch.setattr("organza.data.builtin.DEBIAN", folder / "debian")
    return folder
