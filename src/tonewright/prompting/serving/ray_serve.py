"""The same server on a cluster: replicas that Ray Serve starts, watches and shares calls among."""

from __future__ import annotations

from typing import Any

from tonewright.errors import MissingExtraError, UsageError
from tonewright.prompting.serving.limits import Limits

_DEFAULT = Limits()


def deployment(
    generator: str,
    model: str | None = None,
    *,
    replicas: int = 1,
    cpus: float = 1.0,
    gpus: float = 0.0,
    limits: Limits = _DEFAULT,
) -> Any:
    """A generator as an application of Ray Serve, to be run by `ray.serve.run`.

    Each replica is a whole server, with its queue, its batches and its worker process; the worker of a
    replica with a GPU sees that GPU alone. Clients call it as they call a single server.

    Args:
        generator: Registered name.
        model: Its weights, at a place that every machine of the cluster has.
        replicas: How many.
        cpus: Processor cores of each.
        gpus: GPUs of each; a fraction shares one.
        limits: Of each.

    Returns:
        A `ray.serve.Application`.

    Raises:
        UsageError: There are to be no replicas.
        MissingExtraError: Ray Serve is not installed.
    """
    if replicas < 1:
        raise UsageError(f"replicas are 1 or more; got {replicas}")
    try:
        from ray import serve
    except ImportError as missing:
        raise MissingExtraError("ray[serve]", "scale", "serving a generator on a cluster") from missing

    def build() -> Any:
        from tonewright.prompting.serving.app import make_app
        from tonewright.prompting.serving.shared import Shared

        return make_app(Shared(generator, model, limits))

    replica = serve.deployment(
        name=f"tonewright-{generator}",
        num_replicas=replicas,
        # All that a replica can render or let wait; Ray would send fewer than fill a batch.
        max_ongoing_requests=limits.queue + limits.batch,
        ray_actor_options={"num_cpus": cpus, "num_gpus": gpus},
    )(serve.ingress(build)())
    return replica.bind()
