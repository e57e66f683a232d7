//! Arithmetic as it is run: one number for what an instruction takes, does and keeps, so that it costs one jump.

use pulp::Simd;

use super::chunk::Row;
use super::code::{After, Code, First, KEPT, Operator, Second, at};
use super::real::Real;
use super::vector::{Register, each_vector, load, splat, store};

/// The chunks that run together, with what instructions read and write.
pub(super) struct Pass<'a, T, S> {
    pub(super) simd: S,
    pub(super) rows: &'a [Row<T>],
    pub(super) numbers: &'a [T],
    /// The first chunk.
    pub(super) first: usize,
}

macro_rules! opcodes {
    ($($name:ident = $first:ident $operator:ident $second:ident;)*) => {
        /// Each name of arithmetic says what the new value of the register is. There are fewer than a hundred: beyond that the
        /// compiler no longer finds one place for the register in all of them, and moves it about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Opcode {
            $($name,)*
            TakeA,
            TakeB,
            Stay,
            /// Anything else.
            Other,
        }

        impl Opcode {
            pub(super) fn of(code: Code) -> (Self, After) {
                match code {
                    $(Code::Arithmetic(First::$first, Operator::$operator, Second::$second, after) => (Self::$name, after),)*
                    Code::Arithmetic(..) => unreachable!("the compiler emits no such combination"),
                    Code::Take(0) => (Self::TakeA, After::Nothing),
                    Code::Take(_) => (Self::TakeB, After::Nothing),
                    Code::Stay(after) => (Self::Stay, after),
                    _ => (Self::Other, After::Nothing),
                }
            }
        }

        impl<T: Real, S: Simd> Pass<'_, T, S> {
            /// Runs arithmetic from `next` on, up to an instruction that is something else, whose number it returns. The registers
            /// are carried from one to the next, and not beyond.
            #[inline(always)]
            pub(super) fn arithmetic(&self, opcodes: &[(Opcode, After)], operands: &[[u32; 4]], next: usize) -> usize {
                let zero = splat(self.simd, T::ZERO);
                let (mut register, mut kept_a, mut kept_b) = (zero, zero, zero);
                for (done, ((opcode, after), of)) in opcodes[next..].iter().zip(&operands[next..]).enumerate() {
                    register = match opcode {
                        $(
                            Opcode::$name => {
                                self.compute(First::$first, Operator::$operator, Second::$second, of, [register, kept_a, kept_b])
                            }
                        )*
                        Opcode::TakeA => kept_a,
                        Opcode::TakeB => kept_b,
                        Opcode::Stay => register,
                        Opcode::Other => return next + done,
                    };
                    match after {
                        After::Nothing => {}
                        After::Put => store::<T, S>(self.row(of, at::D), self.first, register),
                        After::KeepA => kept_a = register,
                        After::KeepB => kept_b = register,
                    }
                }
                opcodes.len()
            }
        }
    };
}

opcodes! {
    AddRow = Register Add Row;
    SubRow = Register Sub Row;
    FromRow = Register From Row;
    MulRow = Register Mul Row;
    DivRow = Register Div Row;
    IntoRow = Register Into Row;
    AddNumber = Register Add Number;
    SubNumber = Register Sub Number;
    FromNumber = Register From Number;
    MulNumber = Register Mul Number;
    DivNumber = Register Div Number;
    IntoNumber = Register Into Number;
    Square = Register Mul Same;
    AddProduct = Register Add Product;
    SubProduct = Register Sub Product;
    FromProduct = Register From Product;
    AddScaled = Register Add Scaled;
    SubScaled = Register Sub Scaled;
    FromScaled = Register From Scaled;
    AddSquare = Register Add Squared;
    SubSquare = Register Sub Squared;
    FromSquare = Register From Squared;
    AddKeptA = Register Add KeptA;
    SubKeptA = Register Sub KeptA;
    FromKeptA = Register From KeptA;
    MulKeptA = Register Mul KeptA;
    DivKeptA = Register Div KeptA;
    IntoKeptA = Register Into KeptA;
    AddSquareA = Register Add SquareA;
    SubSquareA = Register Sub SquareA;
    FromSquareA = Register From SquareA;
    AddKeptB = Register Add KeptB;
    SubKeptB = Register Sub KeptB;
    FromKeptB = Register From KeptB;
    MulKeptB = Register Mul KeptB;
    DivKeptB = Register Div KeptB;
    IntoKeptB = Register Into KeptB;
    AddSquareB = Register Add SquareB;
    SubSquareB = Register Sub SquareB;
    FromSquareB = Register From SquareB;
    ScaledAddRow = Scaled Add Row;
    ScaledSubRow = Scaled Sub Row;
    ScaledFromRow = Scaled From Row;
    ScaledAddKeptA = Scaled Add KeptA;
    ScaledSubKeptA = Scaled Sub KeptA;
    ScaledFromKeptA = Scaled From KeptA;
    ScaledAddKeptB = Scaled Add KeptB;
    ScaledSubKeptB = Scaled Sub KeptB;
    ScaledFromKeptB = Scaled From KeptB;
    ScaledAddSquareA = Scaled Add SquareA;
    ScaledSubSquareA = Scaled Sub SquareA;
    ScaledFromSquareA = Scaled From SquareA;
    ScaledAddSquareB = Scaled Add SquareB;
    ScaledSubSquareB = Scaled Sub SquareB;
    ScaledFromSquareB = Scaled From SquareB;
    KeptASquare = KeptA Mul Same;
    KeptAMulNumber = KeptA Mul Number;
    KeptBSquare = KeptB Mul Same;
    KeptBMulNumber = KeptB Mul Number;
    RowAddRow = Row Add Row;
    RowSubRow = Row Sub Row;
    RowMulRow = Row Mul Row;
    RowDivRow = Row Div Row;
    RowAddNumber = Row Add Number;
    RowSubNumber = Row Sub Number;
    RowFromNumber = Row From Number;
    RowMulNumber = Row Mul Number;
    RowDivNumber = Row Div Number;
    RowIntoNumber = Row Into Number;
    RowSquare = Row Mul Same;
    RowAddProduct = Row Add Product;
    RowSubProduct = Row Sub Product;
    RowFromProduct = Row From Product;
    RowAddScaled = Row Add Scaled;
    RowSubScaled = Row Sub Scaled;
    RowFromScaled = Row From Scaled;
    RowAddSquared = Row Add Squared;
    RowSubSquared = Row Sub Squared;
    RowFromSquared = Row From Squared;
}

impl<T: Real, S: Simd> Pass<'_, T, S> {
    #[inline(always)]
    fn row(&self, operands: &[u32; 4], place: usize) -> &Row<T> {
        &self.rows[operands[place] as usize]
    }

    #[inline(always)]
    fn product(&self, a: Register<T, S>, b: Register<T, S>) -> Register<T, S> {
        each_vector!(v => T::product(self.simd, a[v], b[v]))
    }

    #[inline(always)]
    fn compute(
        &self,
        first: First,
        operator: Operator,
        second: Second,
        operands: &[u32; 4],
        [register, kept_a, kept_b]: [Register<T, S>; 1 + KEPT],
    ) -> Register<T, S> {
        let a = match first {
            First::Register => register,
            First::Scaled => self.product(register, splat(self.simd, self.numbers[operands[at::A] as usize])),
            First::Row => load::<T, S>(self.row(operands, at::A), self.first),
            First::KeptA => kept_a,
            First::KeptB => kept_b,
        };
        let b = match second {
            Second::Row => load::<T, S>(self.row(operands, at::B), self.first),
            Second::Number => splat(self.simd, self.numbers[operands[at::B] as usize]),
            Second::Same => a,
            Second::Product => {
                self.product(load::<T, S>(self.row(operands, at::B), self.first), load::<T, S>(self.row(operands, at::C), self.first))
            }
            Second::Scaled => {
                self.product(load::<T, S>(self.row(operands, at::B), self.first), splat(self.simd, self.numbers[operands[at::C] as usize]))
            }
            Second::Squared => {
                let b = load::<T, S>(self.row(operands, at::B), self.first);
                self.product(b, b)
            }
            Second::KeptA => kept_a,
            Second::KeptB => kept_b,
            Second::SquareA => self.product(kept_a, kept_a),
            Second::SquareB => self.product(kept_b, kept_b),
        };
        let simd = self.simd;
        match operator {
            Operator::Add => each_vector!(v => T::sum(simd, a[v], b[v])),
            Operator::Sub => each_vector!(v => T::difference(simd, a[v], b[v])),
            Operator::From => each_vector!(v => T::difference(simd, b[v], a[v])),
            Operator::Mul => self.product(a, b),
            Operator::Div => each_vector!(v => T::quotient(simd, a[v], b[v])),
            Operator::Into => each_vector!(v => T::quotient(simd, b[v], a[v])),
        }
    }
}
