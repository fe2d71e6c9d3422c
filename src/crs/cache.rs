//! What each thread keeps of PROJ: making a CRS or an operation takes milliseconds, using it less
//! than a microsecond, and neither may leave its thread.

use super::CrsError;
use super::proj::{Context, Object};
use rasteret_schema::Crs;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// How many CRSs and operations a thread keeps at most: more than the 120 zones of UTM, and a bound
/// where every scene brings a CRS of its own.
const MOST: usize = 512;

/// A source and a target CRS.
pub(super) type Pair = (Crs, Crs);

/// How to get from one CRS to another.
pub(super) enum Operation {
    /// Coordinates are the same in both.
    Identity,
    /// By PROJ.
    Proj(Object),
}

struct Cache {
    context: Rc<Context>,
    crs: HashMap<Crs, Rc<Object>>,
    operations: HashMap<Arc<Pair>, Rc<Operation>>,
}

thread_local! {
    static CACHE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

/// The CRS that the text names.
pub(super) fn crs(crs: &Crs) -> Result<Rc<Object>, CrsError> {
    with(|cache| cache.crs(crs))
}

/// The operation from the first to the second CRS.
pub(super) fn operation(pair: &Arc<Pair>) -> Result<Rc<Operation>, CrsError> {
    with(|cache| cache.operation(pair))
}

fn with<T>(action: impl FnOnce(&mut Cache) -> Result<T, CrsError>) -> Result<T, CrsError> {
    CACHE.with_borrow_mut(|cache| {
        if let Some(cache) = cache {
            return action(cache);
        }
        let context = Context::new().map_err(CrsError::Setup)?;
        action(cache.insert(Cache { context, crs: HashMap::new(), operations: HashMap::new() }))
    })
}

impl Cache {
    fn crs(&mut self, crs: &Crs) -> Result<Rc<Object>, CrsError> {
        if let Some(object) = self.crs.get(crs) {
            return Ok(Rc::clone(object));
        }
        let object = self
            .context
            .crs(crs.as_str())
            .map(Rc::new)
            .map_err(|reason| CrsError::Unknown { crs: crs.clone(), reason })?;
        if self.crs.len() >= MOST {
            self.crs.clear();
        }
        self.crs.insert(crs.clone(), Rc::clone(&object));
        Ok(object)
    }

    fn operation(&mut self, pair: &Arc<Pair>) -> Result<Rc<Operation>, CrsError> {
        if let Some(operation) = self.operations.get(pair) {
            return Ok(Rc::clone(operation));
        }
        let (from, to) = (self.crs(&pair.0)?, self.crs(&pair.1)?);
        let operation = if from.is_equivalent(&to) {
            Operation::Identity
        } else {
            Operation::Proj(
                self.context.operation(&from, &to).map_err(|reason| no_transformation(pair, reason))?,
            )
        };
        let operation = Rc::new(operation);
        if self.operations.len() >= MOST {
            self.operations.clear();
        }
        self.operations.insert(Arc::clone(pair), Rc::clone(&operation));
        Ok(operation)
    }
}

fn no_transformation(pair: &Pair, reason: String) -> CrsError {
    let (from, to) = pair.clone();
    // "… do not belong to the same celestial body (Earth vs Mars). You may override …"
    match reason.split_once("celestial body (").and_then(|(_, rest)| rest.split_once(')')) {
        Some((bodies, _)) => CrsError::DifferentCelestialBodies { from, to, bodies: bodies.to_owned() },
        None => CrsError::NoTransformation { from, to, reason },
    }
}
