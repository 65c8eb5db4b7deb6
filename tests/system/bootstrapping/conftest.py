from tests.system.cli.conftest import shop

__all__ = ["shop"]
