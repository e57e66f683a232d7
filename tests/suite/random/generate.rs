//! Draws programs.

use super::steps::{Block, Folding, How, One, PARTS, Place, Program, Step, Two};

/// Splitmix64: S. Vigna, 2015.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An integer in `low..high`.
    fn integer(&mut self, low: i64, high: i64) -> i64 {
        low + (self.bits() % (high - low) as u64) as i64
    }

    /// An integer below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.integer(0, end as i64) as usize
    }

    fn number(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.number(-1.5, 1.5)).collect()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.number(0.0, 1.0) < probability
    }
}

const DEEPEST: usize = 3;

const ONES: [One; 24] = [
    One::Neg,
    One::Neg,
    One::Abs,
    One::Sin,
    One::Cos,
    One::Tan,
    One::Exp,
    One::Ln,
    One::Log2,
    One::Sqrt,
    One::Asin,
    One::Acos,
    One::Atan,
    One::Sinh,
    One::Cosh,
    One::Tanh,
    One::Erf,
    One::Floor,
    One::Recip,
    One::Power(2),
    One::Power(3),
    One::Power(5),
    One::NegativePower(3),
    One::ConstantPower,
];
const TWOS: [Two; 19] = [
    Two::Add,
    Two::Add,
    Two::Add,
    Two::Sub,
    Two::Sub,
    Two::Sub,
    Two::Mul,
    Two::Mul,
    Two::Mul,
    Two::Div,
    Two::Min,
    Two::Max,
    Two::Atan2,
    Two::Hypot,
    Two::Pow,
    Two::GuardedSqrt,
    Two::GuardedLn,
    Two::GuardedQuotient,
    Two::GuardedPow,
];
const HOWS: [How; 7] = [How::Less, How::LessEqual, How::Greater, How::GreaterEqual, How::And, How::Or, How::Not];

impl Program {
    pub(crate) fn random(random: &mut Random) -> Self {
        let dimension = random.integer(1, 9) as usize;
        let point = random.numbers(dimension);
        let count = random.below(7);
        let parameters = random.numbers(count);
        let data = [random.numbers(80), random.numbers(11)];
        let mut generator = Generator { random, lengths: [point.len(), parameters.len(), data[0].len(), data[1].len()] };
        let body = generator.block(0, &[Vec::new()]);
        Self { point, parameters, data, body }
    }
}

struct Generator<'a> {
    random: &'a mut Random,
    /// Of the point, the parameters and the data.
    lengths: [usize; 4],
}

impl Generator<'_> {
    /// A block with `stack` values around it; `rounds` lists the values of the loop variables around it.
    fn block(&mut self, stack: usize, rounds: &[Vec<i64>]) -> Block {
        let depth = rounds.first().map_or(DEEPEST, Vec::len);
        let count = self.random.integer(3, if depth == 0 { 16 } else { 9 }) as usize;
        let mut steps = Vec::new();
        while steps.len() < count {
            let values = stack + steps.len();
            let leaf = values == 0 || self.random.chance(0.3);
            let step = if leaf {
                self.leaf(rounds)
            } else if depth < DEEPEST && self.random.chance(0.25) {
                self.any_loop(values, rounds)
            } else if self.random.chance(0.1) {
                Step::Select(self.random.of(&HOWS), std::array::from_fn(|_| self.operand(stack, values)))
            } else if self.random.chance(0.35) {
                Step::One(self.random.of(&ONES), self.operand(stack, values))
            } else {
                Step::Two(self.random.of(&TWOS), self.operand(stack, values), self.operand(stack, values))
            };
            let sum = matches!(step, Step::Sum(..));
            steps.push(step);
            // Most sums are scaled, so that what is computed from them stays small.
            if sum && self.random.chance(0.8) {
                steps.push(Step::Constant(0.125));
                steps.push(Step::Two(Two::Mul, values, values + 1));
            }
        }
        // The last two values of the block, so that little of it is dead.
        let values = stack + steps.len();
        steps.push(Step::Two(self.random.of(&[Two::Add, Two::Sub, Two::Mul]), values - 1, values - 2));
        Block { steps }
    }

    /// Mostly a value of this block, mostly a late one.
    fn operand(&mut self, stack: usize, values: usize) -> usize {
        if values > stack && self.random.chance(0.8) {
            let own = values - stack;
            let (a, b) = (self.random.below(own), self.random.below(own));
            return stack + a.max(b);
        }
        self.random.below(values)
    }

    fn leaf(&mut self, rounds: &[Vec<i64>]) -> Step {
        match self.random.below(9) {
            0 => Step::Constant(self.random.of(&[0.0, 1.0, -1.0, 2.0, 0.5, 0.3, -1.7, 3.0])),
            1 => Step::Data(0, self.place(self.lengths[2], rounds)),
            2 => Step::Data(1, self.place(self.lengths[3], rounds)),
            3 if self.lengths[1] > 0 => Step::Parameter(self.place(self.lengths[1], rounds)),
            4 => Step::Number(self.place(7, rounds)),
            _ => Step::X(self.place(self.lengths[0], rounds)),
        }
    }

    /// An index that stays within `0..len` in all rounds.
    fn place(&mut self, len: usize, rounds: &[Vec<i64>]) -> Place {
        let depth = rounds.first().map_or(0, Vec::len);
        for _ in 0..6 {
            let coefficients: Vec<i64> = (0..depth).map(|_| self.random.of(&[0, 0, 1, 1, 1, 2, 3, -1, -1, -2])).collect();
            let free = Place { constant: 0, coefficients };
            let values: Vec<i64> = rounds.iter().map(|r| free.value(r)).collect();
            let (Some(&low), Some(&high)) = (values.iter().min(), values.iter().max()) else { break };
            let room = len as i64 - (high - low);
            if room > 0 {
                return Place { constant: self.random.integer(0, room) - low, ..free };
            }
        }
        Place { constant: self.random.integer(0, len as i64), coefficients: vec![0; depth] }
    }

    fn any_loop(&mut self, values: usize, rounds: &[Vec<i64>]) -> Step {
        let (start, end, inside) = self.range(rounds);
        let counts = || rounds.iter().map(|round| end.value(round) - start.value(round));
        let never_empty = counts().all(|count| count > 0);
        match self.random.below(10) {
            0..5 => Step::Sum(start, end, self.body(values, &inside)),
            5 => Step::Product(start, end, self.body(values, &inside)),
            // That a range is never empty must be seen from each loop around it by itself.
            6 if never_empty && start.coefficients == end.coefficients => {
                Step::Extreme(self.random.chance(0.5), start, end, self.body(values, &inside))
            }
            _ => self.fold(values, start, end, &inside),
        }
    }

    /// A range of indices, and the rounds inside it.
    fn range(&mut self, rounds: &[Vec<i64>]) -> (Place, Place, Vec<Vec<i64>>) {
        let depth = rounds.first().map_or(0, Vec::len);
        let (start, end) = loop {
            let (start, end) = (self.bound(depth, 0), self.bound(depth, self.lengths[0] as i64));
            if start.coefficients != end.coefficients || start.constant + 1 < end.constant || self.random.chance(0.05) {
                break (start, end);
            }
        };
        let inside =
            rounds.iter().flat_map(|round| (start.value(round)..end.value(round)).map(|v| [round.as_slice(), &[v]].concat())).collect();
        (start, end, inside)
    }

    fn body(&mut self, values: usize, inside: &[Vec<i64>]) -> Block {
        // A nest that is never entered has no rounds to choose indices by: then nothing is read by index.
        if inside.is_empty() { Block { steps: vec![Step::Constant(1.5)] } } else { self.block(values, inside) }
    }

    fn fold(&mut self, values: usize, start: Place, end: Place, inside: &[Vec<i64>]) -> Step {
        let initial = std::array::from_fn(|_| self.random.below(values));
        let stack = values + PARTS;
        let mut body = self.body(stack, inside);
        // What is next is mostly kept small; now and then it is as it comes, or a part of the state that moves to another place.
        let own = stack + body.steps.len();
        for k in 0..PARTS {
            let step = match self.random.below(8) {
                0 => Step::Two(Two::Add, values + self.random.below(PARTS), own - 1),
                1 => Step::Same(values + self.random.below(PARTS)),
                2 => Step::Same(self.random.below(own)),
                3 => Step::One(One::Atan, values + k),
                _ => Step::One(self.random.of(&[One::Sin, One::Tanh]), self.operand(values, own)),
            };
            body.steps.push(step);
        }
        Step::Fold(Folding { start, end, initial, body, result: self.random.below(PARTS) })
    }

    /// A constant, or an outer loop's variable and a bit.
    fn bound(&mut self, depth: usize, near: i64) -> Place {
        let mut coefficients = vec![0; depth];
        if depth > 0 && self.random.chance(0.4) {
            let which = self.random.below(depth);
            coefficients[which] = self.random.of(&[1, 1, 1, -1, 2]);
            let shift = if coefficients[which] < 0 { 5 } else { self.random.integer(-1, 3) };
            return Place { constant: shift, coefficients };
        }
        let constant = match near {
            0 => self.random.of(&[0, 0, 0, 1, 2]),
            // Now and then longer than a block of terms.
            _ if self.random.chance(if depth == 0 { 0.2 } else { 0.05 }) => self.random.integer(31, 71),
            _ => near.min(self.random.integer(2, 8)),
        };
        Place { constant, coefficients }
    }
}
