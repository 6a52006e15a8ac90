//! The explorer on a pretended heap, to look at: `cargo test --lib tui::tests::demo -- --ignored`.

use std::cell::RefCell;
use std::sync::Arc;

use crate::session::frame::{Frame, Request};
use crate::tui::fixture::{Model, heaps};
use crate::tui::{
    Appearance, ColorChoice, ColorDepth, Environment, GlyphSet, Options, Source, Theme, Waker,
    doorbell, run,
};

struct Pretended {
    model: RefCell<Model>,
    waker: Waker,
}

impl Source for Pretended {
    fn send(&self, request: Request) {
        self.model.borrow_mut().take(&request);
        self.waker.wake();
    }

    fn frame(&self) -> Arc<Frame> {
        Arc::new(self.model.borrow().frame())
    }
}

#[test]
#[ignore = "needs a terminal and a person"]
fn explorer() -> color_eyre::Result<()> {
    let name = std::env::var("HEAP").unwrap_or_else(|_| "checkerboard".to_owned());
    let (_, model) = heaps()
        .into_iter()
        .find(|(heap, _)| *heap == name)
        .expect("HEAP names a pretended heap");
    let environment = Environment::of_process();
    let depth = ColorDepth::detect(ColorChoice::Auto, &environment);
    let theme = Theme::new(
        depth,
        GlyphSet::detect(&environment),
        Appearance::detect(&environment),
    );
    let (waker, inbox) = doorbell();
    let source = Pretended {
        model: RefCell::new(model),
        waker,
    };
    run(&source, inbox, Options { theme, mouse: true })
}
