"""The loss that search and learning minimise; see `TrainingLoss`."""

from tonewright.distances.loss.loss import TargetAnalysis, TrainingLoss, training_loss
from tonewright.distances.loss.terms import LossTerms, LossWeights

__all__ = ["LossTerms", "LossWeights", "TargetAnalysis", "TrainingLoss", "training_loss"]
