import math
from itertools import product

import numpy as np
import pytest
from gymnasium import spaces
from scipy import integrate, special, stats

from tonewright.errors import UsageError

pytest.importorskip("torch")

import torch

from tonewright.learning import squashed_normal
from tonewright.learning.heads import (
    Branch,
    Categorical,
    Factored,
    MultiCategorical,
    SquashedGaussian,
    head_for,
)

VALID = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool)
USED = np.array([[1, 1], [1, 0], [0, 0]], bool)

HEADS = {
    "categorical": Categorical(5),
    "masked": Categorical(4, valid=[True, False, True, False]),
    "multi": MultiCategorical([2, 3, 2]),
    "conditional": MultiCategorical([3, 4, 2], [VALID, None]),
    "squashed": SquashedGaussian(3),
    "partly used": SquashedGaussian(3, [True, False, True]),
    "branch": Branch(Categorical(3), SquashedGaussian(2), USED),
    "factored": Factored([Categorical(3), SquashedGaussian(2)]),
}
every_head = pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def logits_for(head, rows=1, seed=7):
    return torch.randn(rows, head.n_logits, generator=generator(seed))


def all_actions(counts):
    return torch.tensor(list(product(*map(range, counts))), dtype=torch.float32)


def row(*values):
    return torch.tensor([values], dtype=torch.float32)


@every_head
def test_shapes(head):
    logits = logits_for(head, 6)
    for actions in (head.sample(logits, generator()), head.mode(logits)):
        assert actions.shape == (6, head.width)
        assert actions.dtype == torch.float32
        assert head.log_prob(logits, actions).shape == (6,)
    assert head.entropy(logits).shape == (6,)


@every_head
def test_the_generator_alone_decides_what_is_drawn(head):
    logits = logits_for(head, 50)
    drawn = head.sample(logits, generator(1))
    torch.rand(10)
    assert torch.equal(drawn, head.sample(logits, generator(1)))
    assert not torch.equal(drawn, head.sample(logits, generator(2)))


@every_head
def test_rows_do_not_mix(head):
    logits = logits_for(head, 6)
    actions = head.sample(logits, generator())
    one_by_one = [head.log_prob(a[None], b[None]) for a, b in zip(logits, actions, strict=True)]
    np.testing.assert_allclose(head.log_prob(logits, actions), torch.cat(one_by_one), rtol=1e-5)
    np.testing.assert_allclose(
        head.entropy(logits), torch.cat([head.entropy(a[None]) for a in logits]), rtol=1e-5
    )


@every_head
def test_entropy_is_the_mean_of_minus_log_prob(head):
    logits = logits_for(head)
    many = logits.expand(100_000, -1)
    surprise = -head.log_prob(many, head.sample(many, generator()))
    error = surprise.std().item() / math.sqrt(len(many))
    assert head.entropy(logits).item() == pytest.approx(surprise.mean().item(), abs=4 * error + 1e-6)


@every_head
@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_measures_and_their_gradients_are_finite(head, scale):
    logits = (scale * logits_for(head, 8)).requires_grad_()
    actions = head.sample(logits.detach(), generator())
    measures = head.log_prob(logits, actions) + head.entropy(logits)
    measures.sum().backward()
    assert measures.isfinite().all()
    assert logits.grad.isfinite().all()


@every_head
def test_noise_of_0_leads_to_the_mode(head):
    logits = logits_for(head, 20)
    assert torch.equal(
        head.perturbed(logits, torch.zeros(20, head.n_gumbel + head.n_normal)), head.mode(logits)
    )


@every_head
def test_standard_noise_leads_to_actions_as_likely_as_samples(head):
    logits = logits_for(head).expand(100_000, -1)
    gumbel = -torch.log(
        -torch.log(torch.rand(100_000, head.n_gumbel, generator=generator(1)).clamp(min=1e-30))
    )
    normal = torch.randn(100_000, head.n_normal, generator=generator(2))
    drawn = head.perturbed(logits, torch.cat([gumbel, normal], -1))
    surprise = -head.log_prob(logits, drawn)
    error = surprise.std().item() / math.sqrt(len(logits))
    assert head.entropy(logits[:1]).item() == pytest.approx(surprise.mean().item(), abs=4 * error + 1e-6)
    np.testing.assert_allclose(drawn.mean(0), head.sample(logits, generator()).mean(0), atol=0.02)


@pytest.mark.parametrize(
    ("head", "counts"),
    [(HEADS["categorical"], [5]), (HEADS["masked"], [4]), (HEADS["multi"], [2, 3, 2])],
    ids=["categorical", "masked", "multi"],
)
def test_samples_are_as_frequent_as_log_prob_says(head, counts):
    actions = all_actions(counts)
    chances = head.log_prob(logits_for(head).expand(len(actions), -1), actions).exp()
    assert chances.sum().item() == pytest.approx(1)
    drawn = head.sample(logits_for(head).expand(20_000, -1), generator())
    seen = torch.tensor([(drawn == action).all(-1).float().mean() for action in actions])
    np.testing.assert_allclose(seen, chances, atol=0.015)
    assert torch.equal(seen > 0, chances > 0)


def test_categorical_against_scipy():
    logits = row(0.5, -1.0, 2.0)
    chances = special.softmax([0.5, -1.0, 2.0])
    head = Categorical(3)
    assert head.log_prob(logits, row(2)).item() == pytest.approx(math.log(chances[2]))
    assert head.entropy(logits).item() == pytest.approx(stats.entropy(chances))
    assert head.mode(logits) == 2


def test_choices_that_are_not_valid_are_never_taken_and_get_no_gradient():
    head = HEADS["masked"]
    logits = torch.tensor([[0.0, 50.0, 1.0, 80.0]], requires_grad=True)
    assert set(head.sample(logits.expand(1000, -1), generator())[:, 0].tolist()) == {0, 2}
    assert head.mode(logits) == 2
    expected = stats.entropy([1 / (1 + math.e), math.e / (1 + math.e)])
    assert head.entropy(logits).item() == pytest.approx(expected)
    (head.log_prob(logits, row(0)) + head.entropy(logits)).backward()
    assert logits.grad[0, 1] == logits.grad[0, 3] == 0


class TestConditionalMasks:
    head = MultiCategorical([3, 4, 2], [VALID, None])

    def test_the_chain_by_enumeration(self):
        logits, actions = logits_for(self.head), all_actions([3, 4, 2])
        chances = self.head.log_prob(logits.expand(len(actions), -1), actions).exp()
        valid = torch.from_numpy(VALID)[actions[:, 0].long(), actions[:, 1].long()]
        assert chances[~valid].max() == 0
        assert chances.sum().item() == pytest.approx(1)
        assert self.head.entropy(logits).item() == pytest.approx(stats.entropy(chances[valid]), rel=1e-6)

    def test_samples_and_modes_are_valid(self):
        logits = 5 * logits_for(self.head, 2000)
        for actions in (self.head.sample(logits, generator()), self.head.mode(logits)):
            assert torch.from_numpy(VALID)[actions[:, 0].long(), actions[:, 1].long()].all()

    def test_the_mode_follows_the_mask(self):
        logits = torch.cat([row(0, 0, 9), row(9, 8, 7, 0), row(0, 1)], -1)
        assert self.head.mode(logits).tolist() == [[2, 3, 1]]

    @pytest.mark.parametrize(
        ("counts", "tables"),
        [([], None), ([3, 4], []), ([3, 4], [VALID.T]), ([2, 2], [[[True, True], [False, False]]])],
    )
    def test_tables_that_do_not_fit_are_refused(self, counts, tables):
        with pytest.raises(UsageError, match=r"table|mask"):
            MultiCategorical(counts, tables)


class TestSquashedGaussian:
    head = SquashedGaussian(1, log_std_range=(-4.0, 2.0))

    def test_densities_integrate_to_one(self):
        numbers = torch.linspace(-7, 7, 20_001).tanh()
        for logits in (row(0, 0), row(-0.7, 1.0), row(1.5, -1.0)):
            densities = self.head.log_prob(logits.expand(len(numbers), -1), numbers[:, None]).exp()
            assert torch.trapezoid(densities, numbers).item() == pytest.approx(1, abs=1e-4)

    def test_log_prob_by_the_change_of_variables(self):
        mean, log_std, a = 0.3, -1.0, 0.6
        expected = stats.norm(mean, math.exp(log_std)).logpdf(math.atanh(a)) - math.log(1 - a**2)
        assert self.head.log_prob(row(mean, 0), row(a)).item() == pytest.approx(expected, rel=1e-5)

    def test_actions_stay_inside(self):
        logits = row(40, 40).expand(1000, -1)
        drawn = self.head.sample(logits, generator())
        assert drawn.abs().max() < 1
        assert self.head.log_prob(logits, torch.ones(1000, 1)).isfinite().all()
        assert self.head.mode(row(40, 0)) < 1

    def test_the_standard_deviation_stays_in_its_range(self):
        for raw, log_std in ((-50, -4), (0, -1), (50, 2)):
            assert self.head.mean_and_log_std(row(0, raw))[1].item() == pytest.approx(log_std)

    @pytest.mark.parametrize("mean", [0.0, 0.3, -2.0, 6.0])
    @pytest.mark.parametrize("log_std", [-4.0, -1.0, 0.0, 2.0])
    def test_entropy_against_quadrature(self, mean, log_std):
        std = math.exp(log_std)

        def slope(z):
            return stats.norm.pdf(z) * 2 * (math.log(2) - np.logaddexp(mean + std * z, -mean - std * z))

        expected = stats.norm(mean, std).entropy() + integrate.quad(slope, -12, 12, points=[-mean / std])[0]
        found = squashed_normal.entropy(torch.tensor(mean), torch.tensor(log_std))
        assert found.item() == pytest.approx(expected, abs=1e-4)


def test_numbers_that_are_not_used_are_zero_and_take_no_part():
    head = HEADS["partly used"]
    logits = logits_for(head, 40)
    for actions in (head.sample(logits, generator()), head.mode(logits)):
        np.testing.assert_array_equal(actions[:, 1], 0.0)
        assert (actions[:, [0, 2]] != 0).all()
    whole, actions = SquashedGaussian(2), head.sample(logits, generator())
    theirs = logits[:, [0, 2, 3, 5]]
    np.testing.assert_allclose(
        head.log_prob(logits, actions), whole.log_prob(theirs, actions[:, [0, 2]]), rtol=1e-5
    )
    np.testing.assert_allclose(head.entropy(logits), whole.entropy(theirs), rtol=1e-5)
    with pytest.raises(UsageError, match=r"a mask of shape \(3,\) is needed"):
        SquashedGaussian(3, [True, False])


class TestBranch:
    head = HEADS["branch"]

    def test_numbers_come_from_the_branch_chosen(self):
        logits = torch.zeros(1, self.head.n_logits)
        logits[0, :3] = torch.tensor([0.0, 9.0, 0.0])  # the second choice
        branches = logits[0, 3:].view(3, 4)
        branches[:, 0] = torch.tensor([-1.0, 0.5, 1.0])  # the mean of each choice's first number
        assert self.head.mode(logits).tolist() == [[1, pytest.approx(math.tanh(0.5)), 0]]

    def test_numbers_that_are_not_used_are_zero_and_do_not_count(self):
        logits = logits_for(self.head, 500)
        actions = self.head.sample(logits, generator())
        used = torch.from_numpy(USED)[actions[:, 0].long()]
        assert torch.equal(actions[:, 1:] != 0, used)
        scribbled = actions + torch.nn.functional.pad(0.5 * ~used, (1, 0))
        assert torch.equal(self.head.log_prob(logits, actions), self.head.log_prob(logits, scribbled))

    def test_what_the_branches_do_not_use_does_not_count(self):
        inner, outer = (
            Branch(Categorical(2), SquashedGaussian(2, inside), outside)
            for inside, outside in (([True, False], None), (None, [[True, False]] * 2))
        )
        logits = logits_for(inner, 50)
        actions = inner.sample(logits, generator())
        assert torch.equal(inner.log_prob(logits, actions), outer.log_prob(logits, actions))
        assert torch.equal(inner.entropy(logits), outer.entropy(logits))

    def test_log_prob_adds_up(self):
        logits = logits_for(self.head)
        branch = logits[:, 3:].view(1, 3, 4)[:, 0]
        expected = Categorical(3).log_prob(logits[:, :3], row(0))
        expected += SquashedGaussian(2).log_prob(branch, row(0.2, -0.4))
        np.testing.assert_allclose(self.head.log_prob(logits, row(0, 0.2, -0.4)), expected, rtol=1e-5)

    def test_a_mask_of_another_shape_is_refused(self):
        with pytest.raises(UsageError, match=r"shape \(3, 2\)"):
            Branch(Categorical(3), SquashedGaussian(2), USED.T)


def test_factored_heads_stand_side_by_side():
    head = Factored([Categorical(3), SquashedGaussian(2), Categorical(2)])
    assert (head.n_logits, head.width) == (9, 4)
    logits, actions = logits_for(head), row(1, 0.1, -0.2, 0)
    expected = (
        Categorical(3).log_prob(logits[:, :3], actions[:, :1])
        + SquashedGaussian(2).log_prob(logits[:, 3:7], actions[:, 1:3])
        + Categorical(2).log_prob(logits[:, 7:], actions[:, 3:])
    )
    np.testing.assert_allclose(head.log_prob(logits, actions), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("space", "kind", "n_logits", "width"),
    [
        (spaces.Discrete(4, start=1), Categorical, 4, 1),
        (spaces.MultiDiscrete([[2, 3], [4, 5]]), MultiCategorical, 14, 4),
        (spaces.Box(-2, 3, (2, 3)), SquashedGaussian, 12, 6),
        (spaces.Dict({"b": spaces.Box(0, 1, (2,)), "a": spaces.Discrete(3)}), Factored, 7, 3),
        (spaces.Tuple((spaces.Discrete(2), spaces.Discrete(3))), Factored, 5, 2),
    ],
)
def test_each_space_has_its_head(space, kind, n_logits, width):
    head = head_for(space)
    assert isinstance(head, kind)
    assert (head.n_logits, head.width) == (n_logits, width)


def test_parts_of_a_dict_keep_its_order():
    space = spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Discrete(5)}, sort_keys=False)
    assert [head.n_logits for head in head_for(space).heads] == [2, 5]


@pytest.mark.parametrize("space", [spaces.Text(3), spaces.Box(0, np.inf, (2,))])
def test_other_spaces_have_none(space):
    with pytest.raises(UsageError, match="actions are"):
        head_for(space)
