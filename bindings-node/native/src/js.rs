//! JavaScript's values, in and out: numbers, strings in, and views of memory out.

use std::ffi::c_char;
use std::ptr;

use napi_sys::{Status, napi_env, napi_status, napi_value};

/// Node-API did not do what it was asked: an argument of another type, or a thread that is being terminated.
#[derive(Debug)]
pub(crate) struct Refused;

pub(crate) const fn done(status: napi_status) -> Result<(), Refused> {
    if status == Status::napi_ok {
        Ok(())
    } else {
        Err(Refused)
    }
}

/// An argument.
pub(crate) trait FromJs: Sized {
    /// # Safety
    ///
    /// A value of this environment, on its thread.
    unsafe fn from_js(env: napi_env, value: napi_value) -> Result<Self, Refused>;
}

/// An answer.
pub(crate) trait ToJs {
    /// # Safety
    ///
    /// On this environment's thread.
    unsafe fn to_js(self, env: napi_env) -> Result<napi_value, Refused>;
}

macro_rules! numbers {
    ($($type:ty: $read:ident, $write:ident;)*) => {$(
        impl FromJs for $type {
            unsafe fn from_js(env: napi_env, value: napi_value) -> Result<Self, Refused> {
                let mut number = Self::default();
                // SAFETY: the caller's promise.
                done(unsafe { napi_sys::$read(env, value, &raw mut number) })?;
                Ok(number)
            }
        }

        impl ToJs for $type {
            unsafe fn to_js(self, env: napi_env) -> Result<napi_value, Refused> {
                let mut value = ptr::null_mut();
                // SAFETY: the caller's promise.
                done(unsafe { napi_sys::$write(env, self, &raw mut value) })?;
                Ok(value)
            }
        }
    )*};
}

numbers! {
    u32: napi_get_value_uint32, napi_create_uint32;
    i32: napi_get_value_int32, napi_create_int32;
    f64: napi_get_value_double, napi_create_double;
}

impl FromJs for String {
    unsafe fn from_js(env: napi_env, value: napi_value) -> Result<Self, Refused> {
        let mut length = 0;
        // SAFETY: the caller's promise; without a buffer the length is asked for.
        done(unsafe {
            napi_sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut length)
        })?;
        // The 0 at its end, too.
        let mut bytes = vec![0_u8; length + 1];
        let buffer = bytes.as_mut_ptr().cast::<c_char>();
        // SAFETY: the buffer has that length.
        done(unsafe {
            napi_sys::napi_get_value_string_utf8(env, value, buffer, bytes.len(), &raw mut length)
        })?;
        bytes.truncate(length);
        Self::from_utf8(bytes).map_err(|_| Refused)
    }
}

/// Nothing.
impl ToJs for () {
    unsafe fn to_js(self, _env: napi_env) -> Result<napi_value, Refused> {
        // Node takes it for `undefined`.
        Ok(ptr::null_mut())
    }
}

impl ToJs for String {
    unsafe fn to_js(self, env: napi_env) -> Result<napi_value, Refused> {
        let mut value = ptr::null_mut();
        let (bytes, length) = (self.as_ptr().cast::<c_char>(), self.len() as isize);
        // SAFETY: the caller's promise, and the bytes of a string.
        done(unsafe { napi_sys::napi_create_string_utf8(env, bytes, length, &raw mut value) })?;
        Ok(value)
    }
}

/// Memory that JavaScript sees in place, as an `ArrayBuffer`: it is never freed, so nobody has to be told when the buffer
/// is collected. `undefined` where there is none, and where buffers of this kind are refused, as Electron does.
pub(crate) struct View {
    memory: Option<(*const u8, usize)>,
}

impl View {
    pub(crate) const NONE: Self = Self { memory: None };

    /// # Safety
    ///
    /// The memory is never freed. What is written to it in JavaScript is what may be written there.
    pub(crate) const unsafe fn of(first: *const u8, bytes: usize) -> Self {
        Self {
            memory: Some((first, bytes)),
        }
    }
}

impl ToJs for View {
    unsafe fn to_js(self, env: napi_env) -> Result<napi_value, Refused> {
        let mut value = ptr::null_mut();
        if let Some((first, bytes)) = self.memory {
            // SAFETY: who made the view promised that the memory stays, and the caller that this is the thread.
            let status = unsafe {
                napi_sys::napi_create_external_arraybuffer(
                    env,
                    first.cast_mut().cast(),
                    bytes,
                    None,
                    ptr::null_mut(),
                    &raw mut value,
                )
            };
            if status != Status::napi_ok {
                value = ptr::null_mut();
            }
        }
        Ok(value)
    }
}
