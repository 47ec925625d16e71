"""The settings of an organism: from YAML text or Python keywords to a checked `OrganismConfig`."""

from __future__ import annotations

from xpipe_nb.config.loader import ConfigLoader, check_config, settings_from
from xpipe_nb.config.organism import ConfigWarning, OrganismConfig
from xpipe_nb.config.yaml_reader import YamlDocument, load_yaml_text

__all__ = [
    "ConfigLoader",
    "ConfigWarning",
    "OrganismConfig",
    "YamlDocument",
    "check_config",
    "load_yaml_text",
    "settings_from",
]
