//! Wire objects, declared.

/// Declares a wire object whose members are all optional (`null` is absent) and of which the others are skipped: what a
/// server says. A member whose name is no Rust name is given as `field = "name": Type`.
macro_rules! answer {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident$(<$lifetime:lifetime>)? {
            $($(#[$field_meta:meta])* $field:ident $(= $key:literal)? : $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        $vis struct $name$(<$lifetime>)? {
            $($(#[$field_meta])* $vis $field: Option<$type>,)*
        }

        $crate::json::answer!(@read $name $($lifetime)? { $($field $(= $key)?,)* });
    };
    (@read $name:ident { $($members:tt)* }) => {
        impl<'a> $crate::json::Read<'a> for $name {
            $crate::json::answer!(@body { $($members)* });
        }
    };
    (@read $name:ident $lifetime:lifetime { $($members:tt)* }) => {
        impl<'a> $crate::json::Read<'a> for $name<'a> {
            $crate::json::answer!(@body { $($members)* });
        }
    };
    (@body { $($field:ident $(= $key:literal)?,)* }) => {
        fn read(reader: &mut $crate::json::Reader<'a>) -> Result<Self, $crate::json::Error> {
            let mut object = Self::default();
            reader.members(&mut |key, reader| match &*key {
                $(key if key == $crate::json::object!(@key $field $($key)?) => {
                    object.$field = $crate::json::Read::read(reader)?;
                    Ok(())
                })*
                _ => reader.skip(),
            })?;
            Ok(object)
        }
    };
}
pub(crate) use answer;

/// Declares a wire object whose members are all optional (`null` is absent) and which keeps the members it does
/// not know in `unknown`, so that whoever translates it can name them. What is required is the translation's to say.
/// A member whose name is no Rust name is given as `field = "name": Type`.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<'a> {
            $($(#[$field_meta:meta])* $field:ident $(= $key:literal)? : $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        $vis struct $name<'a> {
            $($(#[$field_meta])* $vis $field: Option<$type>,)*
            /// Members without a field here.
            $vis unknown: $crate::json::Unknown<'a>,
        }

        impl<'a> $crate::json::Read<'a> for $name<'a> {
            fn read(reader: &mut $crate::json::Reader<'a>) -> Result<Self, $crate::json::Error> {
                let mut object = Self::default();
                reader.members(&mut |key, reader| {
                    match &*key {
                        $(key if key == $crate::json::object!(@key $field $($key)?) => {
                            object.$field = $crate::json::Read::read(reader)
                                .map_err(|error| $crate::json::Error::in_member(error, $crate::json::object!(@key $field $($key)?)))?;
                        })*
                        _ => object.unknown.push((key, reader.raw()?)),
                    }
                    Ok(())
                })?;
                Ok(object)
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}
pub(crate) use object;
