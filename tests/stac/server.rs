//! A STAC API server: `stac-server` with its memory backend.

use axum::Router;
use futures::Stream;
use rasteret::blocking::Wait;
use serde_json::Value;
use stac::api::{
    CollectionsClient, ItemCollection, ItemsClient, Search, StreamItemsClient, TransactionClient,
};
use stac::{Collection, Item};
use stac_server::{Api, Backend, Error, MemoryBackend};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A server with items.
pub struct StacServer {
    pub url: String,
    /// Method, path and query of each request.
    seen: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl StacServer {
    /// The memory backend as it is: it has neither the query nor the filter extension.
    pub fn start(items: &[Value]) -> Self {
        Self::with_backend(memory(items))
    }

    /// The memory backend, with filters evaluated by `cql2`.
    pub fn with_filters(items: &[Value]) -> Self {
        Self::with_backend(Filtering(memory(items)))
    }

    fn with_backend<B: Backend>(backend: B) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let api = Api::new(backend, &url).unwrap().id("test").description("test");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let router: Router = stac_server::routes::from_api(api).layer(axum::middleware::from_fn(
            move |request: axum::extract::Request, next: axum::middleware::Next| {
                noted.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
                next.run(request)
            },
        ));
        runtime.spawn(async move { axum::serve(listener, router).await });
        StacServer { url, seen, _runtime: runtime }
    }

    /// What was asked since this was asked last.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn memory(items: &[Value]) -> MemoryBackend {
    let mut backend = MemoryBackend::new();
    async {
        for id in crate::data::collections(items) {
            backend.add_collection(Collection::new(id, "made up")).await.unwrap();
        }
        for item in items {
            let item: Item = serde_json::from_value(item.clone()).unwrap();
            backend.add_item(item).await.unwrap();
        }
    }
    .wait();
    backend
}

/// A backend that filters what another one finds.
#[derive(Clone)]
struct Filtering(MemoryBackend);

impl ItemsClient for Filtering {
    type Error = Error;

    async fn search(&self, mut search: Search) -> Result<ItemCollection, Error> {
        let Some(filter) = search.filter.take() else { return self.0.search(search).await };
        let expression = cql2::Expr::try_from(filter)?;
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let skip = search.additional_fields.remove("skip").as_ref().and_then(number).unwrap_or(0) as usize;
        let limit = search.limit.replace(u64::MAX >> 1).unwrap_or(10) as usize;
        let mut found = self.0.search(search).await?;
        let matches = |item: &stac::api::Item| {
            expression.clone().matches(Some(&Value::Object(item.clone()))).unwrap_or_default()
        };
        found.items.retain(matches);
        let total = found.items.len();
        found.items = found.items.into_iter().skip(skip).take(limit).collect();
        found.next = None;
        if skip + limit < total {
            let next = [("skip".to_owned(), (skip + limit).into())];
            found.next = Some(next.into_iter().collect());
        }
        Ok(found)
    }
}

impl CollectionsClient for Filtering {
    type Error = Error;

    async fn collections(&self) -> Result<Vec<Collection>, Error> {
        self.0.collections().await
    }
}

impl TransactionClient for Filtering {
    type Error = Error;

    async fn add_collection(&mut self, collection: Collection) -> Result<(), Error> {
        self.0.add_collection(collection).await
    }

    async fn add_item(&mut self, item: Item) -> Result<(), Error> {
        self.0.add_item(item).await
    }
}

impl StreamItemsClient for Filtering {
    type Error = Error;

    async fn search_stream(
        &self,
        search: Search,
    ) -> Result<impl Stream<Item = Result<stac::api::Item, Error>> + Send, Error> {
        self.0.search_stream(search).await
    }
}

impl Backend for Filtering {
    fn has_item_search(&self) -> bool {
        true
    }

    fn has_filter(&self) -> bool {
        true
    }
}
