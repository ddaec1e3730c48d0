"""What the user chose: concerns, sidecars and profiles, checked, merged and explained."""
