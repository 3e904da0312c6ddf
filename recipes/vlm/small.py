"""A vision-language model of a million parameters for the drawn world, opened like any of transformers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from recipes.vlm.config import Small
from vqa_builder.store import atomic_folder

SPECIAL = {"pad_token": "<|pad|>", "bos_token": "<|begin|>", "eos_token": "<|end|>"}
PATCH, KEY, SEEN = 16, 16, [-2, -1]
"""Pixels at a side of what becomes one vector, after four halvings; the width of LeViT's keys; what it hands
on: the outputs of its convolutions, and of the attention that mixes them."""
IMAGE, SPEAKERS = "<image>", ("<|user|>", "<|assistant|>")
TEMPLATE = """{%- for message in messages -%}
<|{{ message.role }}|>
{%- for part in message.content -%}
{%- if part.type == 'image' -%}<image>{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}
<|end|>
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"""


def write_small(folder: Path, shape: Small, texts: Iterable[str], seed: int) -> None:
    """A model of random weights and its processor, where ``from_pretrained`` finds them.

    Args:
        folder: whole or not at all.
        shape: of the model.
        texts: what the tokenizer learns its pieces from.
        seed: of the weights; the same texts and seed give the same files.
    """
    from transformers import (
        CLIPImageProcessorPil,
        LevitConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = _tokenizer(list(texts), shape.pieces)
    tower = LevitConfig(
        image_size=shape.picture,
        patch_size=PATCH,
        hidden_sizes=(shape.tower_width, shape.tower_width),
        hidden_size=shape.tower_width,
        num_attention_heads=(shape.tower_width // KEY,),
        depths=(shape.tower_layers,),
        key_dim=(KEY,),
        mlp_ratio=(2,),
        attention_ratio=(2,),
        down_ops=[[""]],
    )
    config = LlavaConfig(
        vision_config=tower,
        text_config=LlamaConfig(
            hidden_size=shape.width,
            intermediate_size=8 * shape.width // 3,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            vocab_size=len(tokenizer),
            max_position_embeddings=512,
            tie_word_embeddings=True,
            **{name.replace("token", "token_id"): getattr(tokenizer, f"{name}_id") for name in SPECIAL},
        ),
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        vision_feature_layer=SEEN,
        vision_feature_select_strategy="full",
    )
    square = {"height": shape.picture, "width": shape.picture}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size=square, crop_size=square, do_center_crop=False),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="full",
        num_additional_image_tokens=0,
        chat_template=TEMPLATE,
    )
    with torch.random.fork_rng(devices=[]), atomic_folder(folder) as partial:
        torch.manual_seed(seed)
        LlavaForConditionalGeneration(config).save_pretrained(partial)
        processor.save_pretrained(partial)


def _tokenizer(texts: list[str], size: int) -> Any:
    """Byte-level BPE (Sennrich et al., ACL 2016): any character of any language can be said."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    special = [*SPECIAL.values(), IMAGE, *SPEAKERS]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=sorted(alphabet), show_progress=False
    )
    learner.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=learner,
        **SPECIAL,
        additional_special_tokens=[IMAGE, *SPEAKERS],
        padding_side="right",
    )
