//! `Debug` and `defmt::Format` for types that hold something personal or secret: the name of the type, nothing else.

macro_rules! redacted {
    ($($name:ident $(<$lifetime:lifetime>)?),* $(,)?) => {$(
        impl core::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        #[cfg(feature = "defmt")]
        impl defmt::Format for $name $(<$lifetime>)? {
            fn format(&self, f: defmt::Formatter<'_>) {
                defmt::write!(f, "{=str}", concat!(stringify!($name), "(redacted)"));
            }
        }
    )*};
}

pub(crate) use redacted;
