//! The types of closures that tracked functions return.
//!
//! The compiler finds the types of a closure's arguments in the bounds of the type that the closure must have. The body of a
//! tracked function is inside another closure, so that the bounds of the signature don't reach it; those of these functions do.

macro_rules! returned {
    ($($name:ident $kind:ident($($input:ident)*);)*) => {$(
        /// Returns the closure.
        #[inline]
        pub fn $name<$($input,)* R, F: $kind($($input),*) -> R>(closure: F) -> F {
            closure
        }
    )*};
}

returned! {
    closure_0 Fn();
    closure_1 Fn(A);
    closure_2 Fn(A B);
    closure_3 Fn(A B C);
    closure_4 Fn(A B C D);
    closure_5 Fn(A B C D E);
    closure_6 Fn(A B C D E G);
    closure_mut_0 FnMut();
    closure_mut_1 FnMut(A);
    closure_mut_2 FnMut(A B);
    closure_mut_3 FnMut(A B C);
    closure_mut_4 FnMut(A B C D);
    closure_mut_5 FnMut(A B C D E);
    closure_mut_6 FnMut(A B C D E G);
    closure_once_0 FnOnce();
    closure_once_1 FnOnce(A);
    closure_once_2 FnOnce(A B);
    closure_once_3 FnOnce(A B C);
    closure_once_4 FnOnce(A B C D);
    closure_once_5 FnOnce(A B C D E);
    closure_once_6 FnOnce(A B C D E G);
}
