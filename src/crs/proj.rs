//! PROJ's C interface, made safe.
//!
//! This is below the `proj` crate, which knows no contexts with a chosen database, drops PROJ's
//! messages (an unknown code and a CRS of Mars are both "code 4096") or prints them to stderr, and
//! passes NaN through.
//!
//! Every context is closed off from the machine that it runs on: it sees a file system without files
//! and no network, so that PROJ takes the database that its static library carries inside
//! (`EMBED_RESOURCE_FILES`, the default of static builds since PROJ 9.6). A copied binary therefore
//! needs nothing installed, neither `PROJ_DATA` nor another PROJ beside it can change an answer, and
//! everybody gets the same one. Operations that would need grid files are passed over for the best
//! one that does not, as in the wheels of rasterio, which come without grids.

use proj_sys as ffi;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_ulonglong, c_void};
use std::ptr;
use std::rc::Rc;

/// A PROJ context: bound to its thread.
pub(super) struct Context {
    raw: *mut ffi::PJ_CONTEXT,
    /// The last message that PROJ logged. Boxed, because PROJ holds a pointer to it.
    message: Box<RefCell<String>>,
}

/// A CRS or an operation.
pub(super) struct Object {
    raw: *mut ffi::PJ,
    context: Rc<Context>,
}

impl Context {
    /// A context with the embedded database and no access to files or the network.
    pub(super) fn new() -> Result<Rc<Context>, String> {
        // SAFETY: no preconditions.
        let raw = unsafe { ffi::proj_context_create() };
        if raw.is_null() {
            return Err("out of memory".to_owned());
        }
        let context = Context { raw, message: Box::default() };
        let message: *const RefCell<String> = &raw const *context.message;
        // SAFETY: `raw` is a valid context; the message lives as long as it, at the same address; PROJ
        // copies the callbacks.
        let opened = unsafe {
            ffi::proj_log_func(raw, message.cast_mut().cast(), Some(keep_message));
            ffi::proj_context_set_fileapi(raw, &NO_FILES, ptr::null_mut()) != 0
                && ffi::proj_context_set_enable_network(raw, 0) == 0
                && !ffi::proj_context_get_database_path(raw).is_null()
        };
        if opened { Ok(Rc::new(context)) } else { Err(context.take_message()) }
    }

    /// The CRS that a text defines.
    pub(super) fn crs(self: &Rc<Self>, text: &str) -> Result<Object, String> {
        let mut text = text.to_owned();
        let is_proj_string =
            ["proj=", "+proj=", "+init=", "+title="].iter().any(|start| text.starts_with(start));
        if is_proj_string && !text.contains("type=crs") {
            text.push_str(" +type=crs");
        }
        let text = CString::new(text).map_err(|_| "the text contains a NUL character".to_owned())?;
        // SAFETY: a valid context and a C string.
        let object = self.object(unsafe { ffi::proj_create(self.raw, text.as_ptr()) })?;
        // SAFETY: a valid object.
        match unsafe { ffi::proj_is_crs(object.raw) } {
            0 => Err("it is not a coordinate reference system".to_owned()),
            _ => Ok(object),
        }
    }

    /// The operation from one CRS to another, with x before y on both sides.
    pub(super) fn operation(self: &Rc<Self>, from: &Object, to: &Object) -> Result<Object, String> {
        // SAFETY: valid objects of this context; area and options may be null.
        let operation = self.object(unsafe {
            ffi::proj_create_crs_to_crs_from_pj(self.raw, from.raw, to.raw, ptr::null_mut(), ptr::null())
        })?;
        // SAFETY: a valid object of this context.
        self.object(unsafe { ffi::proj_normalize_for_visualization(self.raw, operation.raw) })
    }

    fn object(self: &Rc<Self>, raw: *mut ffi::PJ) -> Result<Object, String> {
        if raw.is_null() {
            return Err(self.take_message());
        }
        // What was logged on the way to success would explain a later failure wrongly.
        self.message.take();
        Ok(Object { raw, context: Rc::clone(self) })
    }

    /// What PROJ said last, without the name of its function.
    fn take_message(&self) -> String {
        let message = self.message.take();
        match message.split_once(": ") {
            Some((function, rest)) if function.starts_with("proj_") => rest.to_owned(),
            _ if message.is_empty() => "PROJ gives no reason".to_owned(),
            _ => message,
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: created by `proj_context_create`, and no object is left that refers to it.
        unsafe { ffi::proj_context_destroy(self.raw) };
    }
}

impl Object {
    /// One point, in x, y order. The error is PROJ's reason.
    pub(super) fn transform(&self, x: f64, y: f64) -> Result<(f64, f64), String> {
        if !x.is_finite() || !y.is_finite() {
            return Err("a coordinate is not finite".to_owned());
        }
        let coord = ffi::PJ_COORD { xyzt: ffi::PJ_XYZT { x, y, z: 0.0, t: f64::INFINITY } };
        // SAFETY: a valid operation; all variants of the union are four doubles.
        let result = unsafe {
            ffi::proj_errno_reset(self.raw);
            ffi::proj_trans(self.raw, ffi::PJ_DIRECTION_PJ_FWD, coord).v
        };
        if result[0].is_finite() && result[1].is_finite() {
            return Ok((result[0], result[1]));
        }
        let logged = self.context.message.take();
        if !logged.is_empty() {
            return Err(logged);
        }
        // SAFETY: a valid object of a valid context; the string is copied at once.
        Err(unsafe {
            match ffi::proj_errno(self.raw) {
                0 => None,
                code => text(ffi::proj_context_errno_string(self.context.raw, code)),
            }
        }
        .unwrap_or_else(|| "it lies outside of the projection's domain".to_owned()))
    }

    /// Whether coordinates in both are the same numbers, in x, y order.
    pub(super) fn is_equivalent(&self, other: &Object) -> bool {
        let criterion = ffi::PJ_COMPARISON_CRITERION_PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS;
        // SAFETY: valid objects of this context.
        unsafe { ffi::proj_is_equivalent_to_with_ctx(self.context.raw, self.raw, other.raw, criterion) != 0 }
    }

    pub(super) fn kind(&self) -> ffi::PJ_TYPE {
        // SAFETY: a valid object.
        unsafe { ffi::proj_get_type(self.raw) }
    }

    pub(super) fn name(&self) -> String {
        // SAFETY: a valid object; the string is copied at once.
        unsafe { text(ffi::proj_get_name(self.raw)) }.unwrap_or_default()
    }

    /// The horizontal part of a compound CRS, or the CRS that a bound CRS binds; `None` where this is
    /// neither.
    pub(super) fn horizontal(&self) -> Option<Object> {
        let context = self.context.raw;
        let inner = match self.kind() {
            // SAFETY: a valid object of a valid context.
            ffi::PJ_TYPE_PJ_TYPE_COMPOUND_CRS => unsafe { ffi::proj_crs_get_sub_crs(context, self.raw, 0) },
            // SAFETY: a valid object of a valid context.
            ffi::PJ_TYPE_PJ_TYPE_BOUND_CRS => unsafe { ffi::proj_get_source_crs(context, self.raw) },
            _ => return None,
        };
        let inner = self.context.object(inner).ok()?;
        Some(inner.horizontal().unwrap_or(inner))
    }

    /// Name and size in SI units of the unit of the first axis.
    pub(super) fn unit(&self) -> Option<(String, f64)> {
        // SAFETY: a valid CRS of a valid context.
        let system = unsafe { ffi::proj_crs_get_coordinate_system(self.context.raw, self.raw) };
        let system = self.context.object(system).ok()?;
        let (mut factor, mut name) = (0.0, ptr::null());
        let null = ptr::null_mut;
        // SAFETY: a valid coordinate system; results that are not wanted may be null; the name is
        // copied before the coordinate system, which owns it, is destroyed.
        unsafe {
            let found = ffi::proj_cs_get_axis_info(
                self.context.raw,
                system.raw,
                0,
                null(),
                null(),
                null(),
                &raw mut factor,
                &raw mut name,
                null(),
                null(),
            );
            (found != 0).then(|| (text(name).unwrap_or_default(), factor))
        }
    }

    /// West, south, east and north of the area that it was made for, in degrees.
    pub(super) fn area_of_use(&self) -> Option<[f64; 4]> {
        let mut bounds = [0.0; 4];
        let [west, south, east, north] = &mut bounds;
        // SAFETY: a valid object of a valid context; the name is not wanted.
        let found = unsafe {
            ffi::proj_get_area_of_use(self.context.raw, self.raw, west, south, east, north, ptr::null_mut())
        };
        // PROJ marks an unknown area with -1000.
        (found != 0 && bounds.iter().all(|&bound| bound > -1000.0)).then_some(bounds)
    }

    /// WKT 2 (ISO 19162:2019) on one line.
    pub(super) fn wkt2(&self) -> Result<String, String> {
        self.wkt(ffi::PJ_WKT_TYPE_PJ_WKT2_2019)
    }

    /// WKT 1 as Esri's software writes it, on one line.
    pub(super) fn esri_wkt(&self) -> Result<String, String> {
        self.wkt(ffi::PJ_WKT_TYPE_PJ_WKT1_ESRI)
    }

    fn wkt(&self, dialect: ffi::PJ_WKT_TYPE) -> Result<String, String> {
        let options = [c"MULTILINE=NO".as_ptr(), ptr::null()];
        // SAFETY: a valid object of a valid context; the options end with null; the string is
        // copied before the object changes.
        unsafe { text(ffi::proj_as_wkt(self.context.raw, self.raw, dialect, options.as_ptr())) }
            .ok_or_else(|| self.context.take_message())
    }

    /// PROJJSON on one line.
    pub(super) fn projjson(&self) -> Result<String, String> {
        let options = [c"MULTILINE=NO".as_ptr(), ptr::null()];
        // SAFETY: as of `wkt`.
        unsafe { text(ffi::proj_as_projjson(self.context.raw, self.raw, options.as_ptr())) }
            .ok_or_else(|| self.context.take_message())
    }

    /// Authority and code, as far as the definition itself says.
    pub(super) fn id(&self) -> Option<(String, String)> {
        // SAFETY: a valid object; the strings are copied at once.
        unsafe {
            Some((text(ffi::proj_get_id_auth_name(self.raw, 0))?, text(ffi::proj_get_id_code(self.raw, 0))?))
        }
    }

    /// Entries of an authority's registry that this could be, best first, with PROJ's confidence in
    /// per cent.
    pub(super) fn identify(&self, authority: &CStr) -> Vec<(Object, i32)> {
        let mut confidences = ptr::null_mut();
        // SAFETY: a valid object of a valid context; both results are freed below.
        unsafe {
            let list = ffi::proj_identify(
                self.context.raw,
                self.raw,
                authority.as_ptr(),
                ptr::null(),
                &raw mut confidences,
            );
            if list.is_null() {
                return Vec::new();
            }
            let found = (0..ffi::proj_list_get_count(list))
                .filter_map(|index| {
                    let object =
                        self.context.object(ffi::proj_list_get(self.context.raw, list, index)).ok()?;
                    Some((object, *confidences.add(index as usize)))
                })
                .collect();
            ffi::proj_list_destroy(list);
            ffi::proj_int_list_destroy(confidences);
            found
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: created by PROJ, destroyed once, and its context still exists.
        unsafe { ffi::proj_destroy(self.raw) };
    }
}

/// # Safety
/// A C string, or null.
unsafe fn text(raw: *const c_char) -> Option<String> {
    // SAFETY: as demanded above.
    (!raw.is_null()).then(|| unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned())
}

/// Keeps an error message for whoever asks why.
unsafe extern "C" fn keep_message(data: *mut c_void, level: c_int, message: *const c_char) {
    if level != ffi::PJ_LOG_LEVEL_PJ_LOG_ERROR as c_int {
        return;
    }
    // SAFETY: `data` is the cell that `Context::new` gave, `message` a C string.
    unsafe {
        if let (Some(cell), Some(message)) = (data.cast::<RefCell<String>>().as_ref(), text(message))
            && let Ok(mut kept) = cell.try_borrow_mut()
        {
            *kept = message;
        }
    }
}

/// A file system without files.
static NO_FILES: ffi::PROJ_FILE_API = ffi::PROJ_FILE_API {
    version: 1,
    open_cbk: Some(open),
    read_cbk: Some(read),
    write_cbk: Some(write),
    seek_cbk: Some(seek),
    tell_cbk: Some(tell),
    close_cbk: Some(close),
    exists_cbk: Some(exists),
    mkdir_cbk: Some(exists),
    unlink_cbk: Some(exists),
    rename_cbk: Some(rename),
};

type Ctx = *mut ffi::PJ_CONTEXT;
type Handle = *mut ffi::PROJ_FILE_HANDLE;

unsafe extern "C" fn open(_: Ctx, _: *const c_char, _: ffi::PROJ_OPEN_ACCESS, _: *mut c_void) -> Handle {
    ptr::null_mut()
}

unsafe extern "C" fn read(_: Ctx, _: Handle, _: *mut c_void, _: usize, _: *mut c_void) -> usize {
    0
}

unsafe extern "C" fn write(_: Ctx, _: Handle, _: *const c_void, _: usize, _: *mut c_void) -> usize {
    0
}

unsafe extern "C" fn seek(_: Ctx, _: Handle, _: c_longlong, _: c_int, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn tell(_: Ctx, _: Handle, _: *mut c_void) -> c_ulonglong {
    0
}

unsafe extern "C" fn close(_: Ctx, _: Handle, _: *mut c_void) {}

unsafe extern "C" fn exists(_: Ctx, _: *const c_char, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn rename(_: Ctx, _: *const c_char, _: *const c_char, _: *mut c_void) -> c_int {
    0
}
