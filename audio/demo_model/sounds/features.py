"""Computes log-mel features exactly as Vosk does with `conf/fbank.conf`.

It knows the feature settings of the model, but neither networks nor text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
MELS = 40
FRAME_SHIFT = 160  # samples
FRAME_CENTRE = 200  # the middle of a 25 ms window
SUBSAMPLING = 3  # Vosk hard-codes output frames of 30 ms
ENERGY_FLOOR = 5.0  # lower log energies say nothing, so that digital silence and a quiet room look alike

FBANK_CONF = """--sample-frequency=16000
--num-mel-bins=40
--low-freq=20
--high-freq=7600
--dither=0
"""


def fbank(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features (frames, 40) of 16 kHz samples at int16 scale."""
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = MELS
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = 7600
    options.use_energy = False
    online = knf.OnlineFbank(options)
    online.accept_waveform(RATE_HZ, np.asarray(samples, np.float32))
    online.input_finished()
    if not online.num_frames_ready:
        return np.zeros((0, MELS), np.float32)
    return np.stack([online.get_frame(index) for index in range(online.num_frames_ready)])
