"""Pairs of names of U-Nets, checked with diffusers' converter.

    python unet-names.py OUT

Needs torch and diffusers.
"""
import sys
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders import single_file_utils as s

def sdxl():
    return UNet2DConditionModel(sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16, 32), layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 3), attention_head_dim=(2, 2, 2), cross_attention_dim=16, use_linear_projection=True,
        addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=28, norm_num_groups=4)

def sd1():
    return UNet2DConditionModel(sample_size=8, block_out_channels=(8, 16, 32, 32), layers_per_block=2, cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4)

import re
RES={"norm1":"in_layers.0","conv1":"in_layers.2","norm2":"out_layers.0","conv2":"out_layers.3","time_emb_proj":"emb_layers.1","conv_shortcut":"skip_connection"}
def ldm(n,all_):
    for a,b in (("conv_in.","input_blocks.0.0."),("conv_norm_out.","out.0."),("conv_out.","out.2."),("time_embedding.linear_1.","time_embed.0."),("time_embedding.linear_2.","time_embed.2."),("add_embedding.linear_1.","label_emb.0.0."),("add_embedding.linear_2.","label_emb.0.2.")):
        if n.startswith(a): return b+n[len(a):]
    def res(x):
        for a,b in RES.items():
            if x.startswith(a+"."): return b+x[len(a):]
    m=re.match(r"down_blocks\.(\d+)\.resnets\.(\d+)\.(.*)",n)
    if m: return f"input_blocks.{3*int(m[1])+int(m[2])+1}.0.{res(m[3])}"
    m=re.match(r"down_blocks\.(\d+)\.attentions\.(\d+)\.(.*)",n)
    if m: return f"input_blocks.{3*int(m[1])+int(m[2])+1}.1.{m[3]}"
    m=re.match(r"down_blocks\.(\d+)\.downsamplers\.0\.conv\.(.*)",n)
    if m: return f"input_blocks.{3*int(m[1])+3}.0.op.{m[2]}"
    m=re.match(r"mid_block\.resnets\.(\d+)\.(.*)",n)
    if m: return f"middle_block.{2*int(m[1])}.{res(m[2])}"
    m=re.match(r"mid_block\.attentions\.0\.(.*)",n)
    if m: return f"middle_block.1.{m[1]}"
    m=re.match(r"up_blocks\.(\d+)\.resnets\.(\d+)\.(.*)",n)
    if m: return f"output_blocks.{3*int(m[1])+int(m[2])}.0.{res(m[3])}"
    m=re.match(r"up_blocks\.(\d+)\.attentions\.(\d+)\.(.*)",n)
    if m: return f"output_blocks.{3*int(m[1])+int(m[2])}.1.{m[3]}"
    m=re.match(r"up_blocks\.(\d+)\.upsamplers\.0\.conv\.(.*)",n)
    if m: return f"output_blocks.{3*int(m[1])+2}.{2 if any(k.startswith(f'up_blocks.{m[1]}.attentions.') for k in all_) else 1}.conv.{m[2]}"
for name,mk in (("sdxl",sdxl),("sd1",sd1)):
    m=mk(); sd=m.state_dict(); to={ldm(k,sd):k for k in sd}; assert None not in to and len(to)==len(sd)
    back=s.convert_ldm_unet_checkpoint({"model.diffusion_model."+k:torch.tensor([float(i)]) for i,k in enumerate(to)},dict(m.config))
    want={v:float(i) for i,(k,v) in enumerate(to.items())}
    got={k:v.item() for k,v in back.items()}
    print(name,len(sd),"same" if got==want else (set(got)^set(want), [k for k in got if got[k]!=want.get(k)][:5]))
    open(f"{sys.argv[1]}/{name}.txt","w").write("".join(f"{k[:-7]} {v[:-7]}\n" for k,v in sorted(to.items()) if k.endswith(".weight")))
