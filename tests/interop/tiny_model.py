"""Writes a model of a few hundred kilobytes as GGUF: it says "Hello from a tiny model." to everything.

Run by the Python that has `gguf` and `numpy`, as a script: `python tiny_model.py FILE`. Its one layer adds nothing, so what
follows a token is what stands in the last matrix for it.
"""

import sys

import gguf
import numpy as np

WIDTH, CONTEXT = 320, 4096
SAID = ("▁Hello", "▁from", "▁a", "▁tiny", "▁model", ".")
TOKENS = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *SAID]
END, FIRST = 2, TOKENS.index(SAID[0])


def write(path: str) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(5)
    writer.add_head_count_kv(5)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types([2, 3, 3, *[6] * 256, *[1] * len(SAID)])  # unknown, control, bytes, words
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    writer.add_unk_token_id(0)
    nothing, one = np.zeros((WIDTH, WIDTH), np.float32), np.ones(WIDTH, np.float32)
    meaning = np.eye(len(TOKENS), WIDTH, dtype=np.float32)
    after = np.zeros((len(TOKENS), WIDTH), np.float32)
    for token in range(len(TOKENS)):
        said = token >= FIRST
        after[FIRST if not said else token + 1 if token + 1 < len(TOKENS) else END, token] = 2.0
    writer.add_tensor("token_embd.weight", meaning)
    writer.add_tensor("output.weight", after)
    writer.add_tensor("output_norm.weight", one)
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", one)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", nothing)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1])
