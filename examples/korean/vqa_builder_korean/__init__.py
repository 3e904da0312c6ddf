"""Korean for vqa_builder."""
