//! A real browser: Chromium without a window, driven through its WebDriver.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, key::Key, wd::TimeoutConfiguration};
use hyper_util::client::legacy::connect::HttpConnector;
use mutua_tests::{PASSPHRASE, free_port};
use serde_json::{Value, json};

/// How long the page may take for what usually takes moments.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Widths at which every page is looked at: a desk, and a phone.
const WIDTHS: [u32; 2] = [1280, 390];

/// The browser, and the program that drives it.
pub(crate) struct Browser {
    pub(crate) client: Client,
    _driver: Driver,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one; nothing, and a word, where there is none on this machine.
    pub(crate) async fn start() -> Option<Self> {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(driver) = driver else { return skipped("chromedriver is missing") };
        let driver = Driver(driver);
        let capabilities = json!({
            "goog:loggingPrefs": { "browser": "ALL" },
            // A window of its own needs a screen; the sandbox needs rights that a container rarely gives.
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en",
            ] },
        });
        let capabilities = capabilities.as_object().expect("they are an object").clone();
        let address = format!("http://127.0.0.1:{port}");
        let begun = std::time::Instant::now();
        let client = loop {
            let connected = ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&address)
                .await;
            match connected {
                Ok(client) => break client,
                Err(error) if error.to_string().contains("cannot find Chrome binary") => {
                    return skipped("chromedriver finds no Chromium");
                }
                Err(error) if begun.elapsed() > PATIENCE => panic!("no browser: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        let patient = TimeoutConfiguration::new(Some(PATIENCE), Some(PATIENCE), None);
        client.update_timeouts(patient).await.expect("the driver can be patient");
        let session = client.session_id().await.expect("a session was begun").expect("it has a name");
        Some(Self { client, _driver: driver, port, session })
    }

    /// Asks the driver for something that only Chromium has.
    pub(crate) fn chromium(&self, path: &str, body: &Value) -> Value {
        let address = format!("http://127.0.0.1:{}/session/{}/{path}", self.port, self.session);
        let mut answer = ureq::post(&address).send_json(body).expect("the driver answers");
        let answer: Value = answer.body_mut().with_config().limit(64 << 20).read_json().expect("in JSON");
        answer["value"].clone()
    }

    /// Waits until the page shows this text.
    pub(crate) async fn sees(&self, text: &str) {
        if let Err(shown) = self.shows(text).await {
            panic!("'{text}' is not shown; what is: {shown}");
        }
    }

    async fn shows(&self, text: &str) -> Result<(), String> {
        let begun = std::time::Instant::now();
        loop {
            let body = self.run("return document.body.innerText").await;
            let body = body.as_str().unwrap_or_default();
            if body.contains(text) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(body.to_owned());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Goes to a page by its address, as a link would.
    pub(crate) async fn goes(&self, route: &str) {
        self.client
            .execute("location.hash = arguments[0]", vec![json!(format!("#/{route}"))])
            .await
            .expect("it goes there");
    }

    /// What is found by this selector.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let waiting = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector));
        waiting.await.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// Opens, closes or follows what is found by this selector, by keyboard.
    pub(crate) async fn enters(&self, selector: &str) {
        let element = self.find(selector).await;
        self.presses(&element, &[Key::Enter]).await;
    }

    /// Writes into the field that is found by this selector, in place of what stands there.
    pub(crate) async fn writes(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("keys can be pressed");
    }

    /// Chooses a file.
    pub(crate) async fn gives(&self, selector: &str, path: &std::path::Path) {
        let field = self.find(selector).await;
        field.send_keys(&path.display().to_string()).await.expect("a file can be chosen");
    }

    /// Chooses in the list that is found by this selector.
    pub(crate) async fn chooses(&self, selector: &str, value: &str) {
        self.find(selector).await.select_by_value(value).await.expect("there is such a choice");
    }

    /// Signs, with the passphrase, in the form within what is found by this selector, and waits until that is done.
    pub(crate) async fn signs(&self, within: &str) {
        self.writes(&format!("{within} input[type=password]"), PASSPHRASE).await;
        self.enters(&format!("{within} .sign button")).await;
        self.find(&format!("{within} .act .good, {within} .act .trouble")).await;
        let refused = format!("return document.querySelector('{within} .act .trouble')?.innerText ?? null");
        let refused = self.run(&refused).await;
        assert_eq!(refused, Value::Null, "{within}");
    }

    /// Where what is downloaded goes.
    pub(crate) fn downloads_to(&self, folder: &std::path::Path) {
        self.cdp("Browser.setDownloadBehavior", &json!({ "behavior": "allow", "downloadPath": folder }));
    }

    /// Draws as in the dark, or as by day.
    pub(crate) fn darkens(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        self.cdp(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
    }

    /// Presses a key, without a mouse, in an element that has the focus then.
    pub(crate) async fn presses(&self, element: &Element, keys: &[Key]) {
        let text: String = keys.iter().copied().map(char::from).collect();
        element.send_keys(&text).await.expect("keys can be pressed");
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What the browser has complained about since it was asked last: faults of scripts, refusals of the policy.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let lines = self.chromium("se/log", &json!({ "type": "browser" }));
        let severe = lines.as_array().into_iter().flatten().filter(|line| line["level"] == "SEVERE");
        let messages = severe.map(|line| line["message"].as_str().unwrap_or_default().to_owned());
        // That the desk refuses a wrong passphrase is what a test wants, and that a key is no member's.
        messages
            .filter(|message| !message.contains("/v1/desk") && !message.contains("/v1/members/"))
            .collect()
    }

    /// Takes pictures of what is shown, at every width, and makes sure that nothing sticks out.
    pub(crate) async fn photograph(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&folder).expect("pictures can be written");
        for width in WIDTHS {
            let screen =
                json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
            self.cdp("Emulation.setDeviceMetricsOverride", &screen);
            // Drawings follow the width with the next frames.
            self.client
                .execute_async(
                    "const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => done()), 400)",
                    Vec::new(),
                )
                .await
                .expect("time passes");
            let size =
                self.run("const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]").await;
            assert!(
                size[0].as_u64() <= Some(u64::from(width)),
                "{name}: {size} sticks out of {width} pixels"
            );
            let clip = json!({ "x": 0, "y": 0, "width": width, "height": size[1], "scale": 1 });
            let shot = self.cdp(
                "Page.captureScreenshot",
                &json!({ "format": "png", "captureBeyondViewport": true, "clip": clip }),
            );
            let bytes = decode(shot["data"].as_str().expect("a picture"));
            std::fs::write(folder.join(format!("{name}-{width}.png")), bytes)
                .expect("pictures can be written");
        }
        self.cdp("Emulation.clearDeviceMetricsOverride", &json!({}));
    }

    fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.chromium("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Ends it.
    pub(crate) async fn end(self) {
        let _ = self.client.clone().close().await;
    }
}

/// The program that drives a browser, for as long as this is kept.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn skipped(why: &str) -> Option<Browser> {
    eprintln!("SKIPPED: the page was not looked at: {why} (sudo apt install chromium chromium-driver)");
    None
}

fn decode(text: &str) -> Vec<u8> {
    data_encoding::BASE64.decode(text.as_bytes()).expect("a picture comes in base 64")
}
