"""The acoustic network, the decoding graph, and Kaldi's files of both, as Vosk reads them.

The commands one folder up (`dataset`, `train`, `build`) use them. The door is `network`. `graph` needs OpenFst's tools,
and kaldifst of the extra "train".
"""
