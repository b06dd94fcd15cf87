"""Networks that know one picture at several scales, from a coarse one to its own.

`generator.py` says what they have in common, `scales.py` is SinGAN's and structural analogy's, `growing.py` ConSinGAN's,
`critic.py` the discriminator of small patches, `sizes.py` the published rules for the sizes of the scales.
"""
