"""Network bending: transform a generator's maps on the way, so that it paints what it was not trained to.

Source: Broad et al. 2021, Network Bending: Expressive Manipulation of Generative Models in Multiple Domains, and AIART,
whose transforms and magnitudes these are. A `Bend` says what is done; `inputs` turns it into arrays, for one frame; and
`apply` is what a network does with them. `chain` does that for several.
"""

from renderer.bending.bend import TRANSFORMS, Bend, Transform
from renderer.bending.inputs import inputs, shape_of
from renderer.bending.operations import apply

__all__ = ["TRANSFORMS", "Bend", "Transform", "apply", "inputs", "shape_of"]
