//! Arithmetic as it is run: one number for what an instruction takes, does and keeps, so that it costs one jump.

use pulp::Simd;

use super::chunk::Row;
use super::code::{Code, First, Operator, Second, at};
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
    ($($name:ident $stored:ident = $first:ident $operator:ident $second:ident;)*) => {
        /// Each name of arithmetic says what the new value of the register is; `To` means that a row receives it, too.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Opcode {
            $($name, $stored,)*
            /// Anything else.
            Other,
        }

        impl Opcode {
            pub(super) fn of(code: Code) -> Self {
                match code {
                    $(
                        Code::Arithmetic(First::$first, Operator::$operator, Second::$second, false) => Self::$name,
                        Code::Arithmetic(First::$first, Operator::$operator, Second::$second, true) => Self::$stored,
                    )*
                    Code::Arithmetic(..) => unreachable!("the compiler emits no such combination"),
                    _ => Self::Other,
                }
            }
        }

        impl<T: Real, S: Simd> Pass<'_, T, S> {
            /// Runs arithmetic from `next` on, up to an instruction that is something else, whose number it returns. The register
            /// is carried from one to the next, and not beyond.
            #[inline(always)]
            pub(super) fn arithmetic(&self, opcodes: &[Opcode], operands: &[[u32; 4]], next: usize) -> usize {
                let mut register = splat(self.simd, T::ZERO);
                for (done, (opcode, of)) in opcodes[next..].iter().zip(&operands[next..]).enumerate() {
                    match opcode {
                        $(
                            Opcode::$name => register = self.compute(First::$first, Operator::$operator, Second::$second, of, register),
                            Opcode::$stored => {
                                register = self.compute(First::$first, Operator::$operator, Second::$second, of, register);
                                store::<T, S>(self.row(of, at::D), self.first, register);
                            }
                        )*
                        Opcode::Other => return next + done,
                    }
                }
                opcodes.len()
            }
        }
    };
}

opcodes! {
    AddRow AddRowTo = Register Add Row;
    SubRow SubRowTo = Register Sub Row;
    FromRow FromRowTo = Register From Row;
    MulRow MulRowTo = Register Mul Row;
    DivRow DivRowTo = Register Div Row;
    IntoRow IntoRowTo = Register Into Row;
    AddNumber AddNumberTo = Register Add Number;
    SubNumber SubNumberTo = Register Sub Number;
    FromNumber FromNumberTo = Register From Number;
    MulNumber MulNumberTo = Register Mul Number;
    DivNumber DivNumberTo = Register Div Number;
    IntoNumber IntoNumberTo = Register Into Number;
    Square SquareTo = Register Mul Same;
    AddProduct AddProductTo = Register Add Product;
    SubProduct SubProductTo = Register Sub Product;
    FromProduct FromProductTo = Register From Product;
    AddScaled AddScaledTo = Register Add Scaled;
    SubScaled SubScaledTo = Register Sub Scaled;
    FromScaled FromScaledTo = Register From Scaled;
    AddSquare AddSquareTo = Register Add Squared;
    SubSquare SubSquareTo = Register Sub Squared;
    FromSquare FromSquareTo = Register From Squared;
    RowAddRow RowAddRowTo = Row Add Row;
    RowSubRow RowSubRowTo = Row Sub Row;
    RowMulRow RowMulRowTo = Row Mul Row;
    RowDivRow RowDivRowTo = Row Div Row;
    RowAddNumber RowAddNumberTo = Row Add Number;
    RowSubNumber RowSubNumberTo = Row Sub Number;
    RowFromNumber RowFromNumberTo = Row From Number;
    RowMulNumber RowMulNumberTo = Row Mul Number;
    RowDivNumber RowDivNumberTo = Row Div Number;
    RowIntoNumber RowIntoNumberTo = Row Into Number;
    RowSquare RowSquareTo = Row Mul Same;
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
    fn compute(&self, first: First, operator: Operator, second: Second, operands: &[u32; 4], register: Register<T, S>) -> Register<T, S> {
        let a = match first {
            First::Register => register,
            First::Row => load::<T, S>(self.row(operands, at::A), self.first),
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
