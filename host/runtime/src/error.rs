//! Why a plugin was not loaded, and why a call of one gave no answer.

mod call;
mod load;

pub use self::call::CallError;
pub use self::load::LoadError;
