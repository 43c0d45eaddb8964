"""A little shop that does not exist, with people who do not either: what `parley demo` opens with."""

from pathlib import Path

SHOP = Path(__file__).parent / "shop.yaml"
CROWD = Path(__file__).parent / "crowd.yaml"
CAMPAIGN = Path(__file__).parent / "campaign.yaml"
