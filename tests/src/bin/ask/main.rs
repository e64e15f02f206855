//! One HTTP request, for APIs that can only be reached from inside another network namespace.
//!
//! Its input: method, address, content type and token, a line each, then the body. It prints the status, a line
//! end, and the answer's body.

use std::io::{BufRead, Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut input = std::io::stdin().lock();
    let mut line = || -> std::io::Result<String> {
        let mut text = String::new();
        input.read_line(&mut text)?;
        Ok(text.trim_end().to_owned())
    };
    let (method, url, kind, token) = (line()?, line()?, line()?, line()?);
    let mut body = Vec::new();
    input.read_to_end(&mut body)?;
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let bearer = format!("Bearer {token}");
    let mut answer = if method == "POST" {
        agent.post(&url).header("Authorization", &bearer).header("Content-Type", &kind).send(&body)?
    } else {
        agent.get(&url).header("Authorization", &bearer).call()?
    };
    let status = answer.status().as_u16();
    let content = answer.body_mut().with_config().limit(256 << 20).read_to_vec()?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{status}")?;
    output.write_all(&content)?;
    Ok(())
}
