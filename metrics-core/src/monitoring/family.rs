//! The distinction between built-in and user-defined families.

use crate::sample::FamilyInfo;

/// Returns `true` if a family is not one of the built-in ones.
pub(crate) fn is_user_defined(family: &FamilyInfo) -> bool {
    !family.is_builtin()
}
