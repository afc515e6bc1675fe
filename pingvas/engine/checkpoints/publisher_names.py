"""What the layers of Stable Diffusion 3's and FLUX.1's transformers are called, by their publishers and by diffusers. No torch."""

from __future__ import annotations

from collections.abc import Mapping

Names = Mapping[str, str]
"""The publisher's name of a layer to that of diffusers, `#` standing for a block's number.

Several names, with blanks between, share the rows among them: all but the last are as wide as the transformer.
A name with `~` before it has its halves in the other order.
"""

FLUX_NAMES: Names = {
    "img_in": "x_embedder",
    "txt_in": "context_embedder",
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "~norm_out.linear",
    "double_blocks.#.img_mod.lin": "transformer_blocks.#.norm1.linear",
    "double_blocks.#.txt_mod.lin": "transformer_blocks.#.norm1_context.linear",
    "double_blocks.#.img_attn.qkv": (
        "transformer_blocks.#.attn.to_q transformer_blocks.#.attn.to_k transformer_blocks.#.attn.to_v"
    ),
    "double_blocks.#.txt_attn.qkv": (
        "transformer_blocks.#.attn.add_q_proj transformer_blocks.#.attn.add_k_proj "
        "transformer_blocks.#.attn.add_v_proj"
    ),
    "double_blocks.#.img_attn.norm.query_norm": "transformer_blocks.#.attn.norm_q",
    "double_blocks.#.img_attn.norm.key_norm": "transformer_blocks.#.attn.norm_k",
    "double_blocks.#.txt_attn.norm.query_norm": "transformer_blocks.#.attn.norm_added_q",
    "double_blocks.#.txt_attn.norm.key_norm": "transformer_blocks.#.attn.norm_added_k",
    "double_blocks.#.img_attn.proj": "transformer_blocks.#.attn.to_out.0",
    "double_blocks.#.txt_attn.proj": "transformer_blocks.#.attn.to_add_out",
    "double_blocks.#.img_mlp.0": "transformer_blocks.#.ff.net.0.proj",
    "double_blocks.#.img_mlp.2": "transformer_blocks.#.ff.net.2",
    "double_blocks.#.txt_mlp.0": "transformer_blocks.#.ff_context.net.0.proj",
    "double_blocks.#.txt_mlp.2": "transformer_blocks.#.ff_context.net.2",
    "single_blocks.#.modulation.lin": "single_transformer_blocks.#.norm.linear",
    "single_blocks.#.linear1": (
        "single_transformer_blocks.#.attn.to_q single_transformer_blocks.#.attn.to_k "
        "single_transformer_blocks.#.attn.to_v single_transformer_blocks.#.proj_mlp"
    ),
    "single_blocks.#.norm.query_norm": "single_transformer_blocks.#.attn.norm_q",
    "single_blocks.#.norm.key_norm": "single_transformer_blocks.#.attn.norm_k",
    "single_blocks.#.linear2": "single_transformer_blocks.#.proj_out",
}

SD3_NAMES: Names = {
    "pos_embed": "pos_embed.pos_embed",
    "x_embedder.proj": "pos_embed.proj",
    "t_embedder.mlp.0": "time_text_embed.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "time_text_embed.timestep_embedder.linear_2",
    "y_embedder.mlp.0": "time_text_embed.text_embedder.linear_1",
    "y_embedder.mlp.2": "time_text_embed.text_embedder.linear_2",
    "context_embedder": "context_embedder",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "~norm_out.linear",
    "joint_blocks.#.x_block.adaLN_modulation.1": "transformer_blocks.#.norm1.linear",
    "joint_blocks.#.context_block.adaLN_modulation.1": "transformer_blocks.#.norm1_context.linear",
    "joint_blocks.last.context_block.adaLN_modulation.1": "~transformer_blocks.#.norm1_context.linear",
    "joint_blocks.#.x_block.attn.qkv": (
        "transformer_blocks.#.attn.to_q transformer_blocks.#.attn.to_k transformer_blocks.#.attn.to_v"
    ),
    "joint_blocks.#.context_block.attn.qkv": (
        "transformer_blocks.#.attn.add_q_proj transformer_blocks.#.attn.add_k_proj "
        "transformer_blocks.#.attn.add_v_proj"
    ),
    "joint_blocks.#.x_block.attn2.qkv": (
        "transformer_blocks.#.attn2.to_q transformer_blocks.#.attn2.to_k transformer_blocks.#.attn2.to_v"
    ),
    "joint_blocks.#.x_block.attn.ln_q": "transformer_blocks.#.attn.norm_q",
    "joint_blocks.#.x_block.attn.ln_k": "transformer_blocks.#.attn.norm_k",
    "joint_blocks.#.context_block.attn.ln_q": "transformer_blocks.#.attn.norm_added_q",
    "joint_blocks.#.context_block.attn.ln_k": "transformer_blocks.#.attn.norm_added_k",
    "joint_blocks.#.x_block.attn2.ln_q": "transformer_blocks.#.attn2.norm_q",
    "joint_blocks.#.x_block.attn2.ln_k": "transformer_blocks.#.attn2.norm_k",
    "joint_blocks.#.x_block.attn.proj": "transformer_blocks.#.attn.to_out.0",
    "joint_blocks.#.x_block.attn2.proj": "transformer_blocks.#.attn2.to_out.0",
    "joint_blocks.#.context_block.attn.proj": "transformer_blocks.#.attn.to_add_out",
    "joint_blocks.#.x_block.mlp.fc1": "transformer_blocks.#.ff.net.0.proj",
    "joint_blocks.#.x_block.mlp.fc2": "transformer_blocks.#.ff.net.2",
    "joint_blocks.#.context_block.mlp.fc1": "transformer_blocks.#.ff_context.net.0.proj",
    "joint_blocks.#.context_block.mlp.fc2": "transformer_blocks.#.ff_context.net.2",
}
