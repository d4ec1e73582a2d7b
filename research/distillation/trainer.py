"""The training step of all phases, and what each begins with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.training.distillation.losses import TeacherHeads, fit_adapter, pool_to_teacher, weighted_sum
from research.distillation.batches import ALL_CELLS, BatchSource
from research.distillation.feature_cache import decode
from research.distillation.optimiser import MovingAverage, MuonAdam
from research.distillation.phases import Phase
from research.distillation.prepare import Prepared
from research.distillation.student import LOWER, UPPER, Student, Weights, insert_batch_norm, preprocess


class Trainer:
    """The student, its adapter, the optimiser and the average.

    Attributes:
        step: learns from one batch and returns its loss terms; see `_step` for its arguments.
    """

    def __init__(self, phase: Phase, prepared: Prepared, weights: Weights, heads: TeacherHeads) -> None:
        """Take weights that include the adapter's kernel and bias."""
        self.step = tf.function(self._step)
        self._compiled_measure = tf.function(self._measure)
        self.phase, self.heads = phase, heads
        self.student = Student(weights, batch_norm=phase.batch_norm)
        self.averaged = Student(weights, batch_norm=phase.batch_norm)
        self.lower_scale = tf.constant(prepared.cache.lower_scale)
        self.teacher_scale = tf.constant(prepared.cache.teacher_scale)
        kinds = ("kernel", "bias", "scale", "offset")
        unused: set[str] = set()
        if phase.batch_norm:
            unused = {f"{name}/bias" for name in UPPER}
            unused |= {f"{name}/{kind}" for name in LOWER for kind in ("kernel", "bias")}
        variables = self.student.variables
        self.trained = {k: v for k, v in variables.items() if k.rsplit("/")[-1] in kinds and k not in unused}
        self.optimiser = MuonAdam(self.trained)
        self.average = MovingAverage(
            {k: v for k, v in variables.items() if k in self.trained or k.endswith(("/mean", "/variance"))},
            phase.average_decay,
        )

    def terms(
        self,
        student: Student,
        lower: tf.Tensor,
        teacher_codes: tf.Tensor,
        labels: tf.Tensor,
        *,
        training: bool,
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Return the loss terms and the ten logits of block3_pool's values."""
        maps = student.upper(lower, training=training)
        adapter = student.variables
        adapted = tf.tensordot(pool_to_teacher(maps), adapter["adapter/kernel"], 1) + adapter["adapter/bias"]
        logits = student.head(tf.reduce_mean(maps, (1, 2)))
        return self.heads.terms(adapted, logits, decode(teacher_codes, self.teacher_scale), labels), logits

    def _step(
        self, inputs: tf.Tensor, teacher_codes: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Learn from one batch; return its loss terms.

        Args:
            inputs: uint8; codes of block3_pool (B, h, w, 256), or images (B, H, W, 3).
            teacher_codes: the teacher's map at matching positions, (B, h, w, 2048) uint8.
            labels: (B,) int, -1 for none.
            rate: share of the phase's peak rates.
        """
        with tf.GradientTape() as tape:
            if inputs.shape[-1] == 3:
                lower = self.student.lower(preprocess(inputs))
            else:
                lower = tf.cast(decode(inputs, self.lower_scale), tf.bfloat16)
            terms, _ = self.terms(self.student, lower, teacher_codes, labels, training=True)
            loss = weighted_sum(terms)
        gradients = tape.gradient(loss, self.trained)
        self.optimiser.apply(gradients, self.phase.muon_rate * rate, self.phase.adam_rate * rate)
        self.average.update(self.optimiser.slots["count"])
        return terms

    def _measure(
        self, inputs: tf.Tensor, teacher_codes: tf.Tensor, labels: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        if inputs.shape[-1] == 3:
            lower = self.averaged.lower(preprocess(inputs))
        else:
            lower = tf.cast(decode(inputs, self.lower_scale), tf.bfloat16)
        return self.terms(self.averaged, lower, teacher_codes, labels, training=False)

    def averaged_weights(self) -> Weights:
        """Return all weights with the averages in place of the present values."""
        present = {name: variable.numpy() for name, variable in self.student.variables.items()}
        return {**present, **self.average.values()}

    def measure(
        self, source: BatchSource, photo_numbers: Sequence[int]
    ) -> tuple[dict[str, float], NDArray[np.int64]]:
        """Return the mean loss terms and the predicted classes of whole photos, by the averaged weights."""
        for name, value in self.averaged_weights().items():
            self.averaged.variables[name].assign(value)
        sums: dict[str, float] = {}
        predicted = []
        for start in range(0, len(photo_numbers), 64):
            part = photo_numbers[start : start + 64]
            terms, logits = self._compiled_measure(*source.whole(part))
            predicted.append(logits.numpy().argmax(1))
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(part) / len(photo_numbers)
        return sums, np.concatenate(predicted)

    def state(self) -> dict[str, NDArray[np.float32]]:
        """Return everything that a checkpoint needs, by name."""
        arrays = {f"student:{k}": v.numpy() for k, v in self.student.variables.items()}
        arrays |= {f"average:{k}": v.numpy() for k, v in self.average.averages.items()}
        return arrays | {f"slot:{k}": v.numpy() for k, v in self.optimiser.slots.items()}

    def restore(self, arrays: dict[str, NDArray[np.float32]]) -> None:
        """Take the state that `state` returned."""
        groups = {
            "student": self.student.variables,
            "average": self.average.averages,
            "slot": self.optimiser.slots,
        }
        for key, value in arrays.items():
            group, name = key.split(":", 1)
            groups[group][name].assign(value)


def begin_upper(prepared: Prepared) -> tuple[Weights, TeacherHeads]:
    """Return the start with batch norm that changes nothing and a fitted adapter, and the heads."""
    rows = np.random.default_rng(1).permutation(
        [i for i, p in enumerate(prepared.photos) if p.part in ("train", "unlabelled")]
    )[:640]
    student = Student(prepared.start, batch_norm=False)
    moments: dict[str, list[NDArray[np.float32]]] = {name: [] for name in UPPER}
    maps, targets = [], []
    for start in range(0, len(rows), 64):
        codes, teacher_codes = prepared.cache.batch(
            [(int(i), 0) for i in rows[start : start + 64]], ALL_CELLS, np.random.default_rng(0)
        )
        x = tf.cast(decode(codes, prepared.cache.lower_scale), tf.bfloat16)
        for name, y in student.upper_outputs(x):
            mean, variance = tf.nn.moments(tf.cast(y, tf.float32), (0, 1, 2))
            moments[name].append(np.stack([mean, variance]))
        maps.append(pool_to_teacher(student.upper(x, training=False)).numpy())
        targets.append(decode(teacher_codes, prepared.cache.teacher_scale).numpy())
    kernel, bias = fit_adapter(
        np.concatenate([m.reshape(-1, m.shape[-1]) for m in maps]),
        np.concatenate([t.reshape(-1, t.shape[-1]) for t in targets]),
    )
    target = np.concatenate(targets)
    heads = prepared.heads(
        map_variance=float(target.var((0, 1, 2)).mean()),
        pooled_variance=float(target.mean((1, 2)).var(0).mean()),
    )
    means = {name: np.mean(values, 0) for name, values in moments.items()}
    weights = insert_batch_norm(prepared.start, {name: (m[0], m[1]) for name, m in means.items()})
    return {**weights, "adapter/kernel": kernel, "adapter/bias": bias}, heads
