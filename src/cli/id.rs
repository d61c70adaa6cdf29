//! `id`: who you are, and which devices speak for you.

use qrcode::{EcLevel, QrCode, render::unicode};
use serde_json::{Value, json};
use starling_protocol::{DeviceKey, Identity};

use super::{Failure, Kind, Output, answer, output::confirm, session::Context};

/// Show who you are
#[derive(Debug, clap::Subcommand)]
pub enum Id {
    /// Show your author id, this device and this node
    Show,
    /// Say where your recovery phrase is
    Phrase,
    /// Show your author id as a QR code
    Qr,
    /// List the devices that speak for you
    Devices(Devices),
}

/// List the devices that speak for you
#[derive(Debug, clap::Args)]
pub struct Devices {
    #[command(subcommand)]
    command: Option<DevicesCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum DevicesCommand {
    /// List them
    List,
    /// Cut a device off: what is held of it stays, what it says later is refused
    Remove {
        /// Which device: stardev1…
        #[arg(value_name = "DEVICE")]
        device: DeviceKey,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

impl Id {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Show => show(context),
            Self::Phrase => phrase(context),
            Self::Qr => qr(context),
            Self::Devices(Devices { command: None | Some(DevicesCommand::List) }) => devices(context),
            Self::Devices(Devices { command: Some(DevicesCommand::Remove { device, yes }) }) => {
                remove(context, &device, yes)
            }
        }
    }
}

/// Read from the home's files, so that it works whatever else does not.
fn show(context: &Context) -> Result<(), Failure> {
    let home = context.home()?;
    let (author, keys) = (home.author()?, home.keys()?);
    let (device, peer) = (keys.device.public(), keys.keypair().public().to_peer_id());
    let restoring = home.restoring()?.is_some();
    let object = json!({
        "author": author.to_string(),
        "device": device.to_string(),
        "peer_id": peer.to_string(),
        "restoring": restoring,
    });
    let mut text = format!("author  {author}\ndevice  {device}\npeer    {peer}");
    if restoring {
        text += "\nThis device is new: it speaks for the author once a node has asked the network.";
    }
    context.output.either(&object, text)
}

fn phrase(context: &Context) -> Result<(), Failure> {
    let home = context.home()?;
    let key = home.path().join("keys").join("root.key");
    Err(Failure::new(Kind::NotFound, "the recovery phrase is not stored").hint(format!(
        "it was shown once by `starling init`, or written where --phrase-out said. What is kept is the key \
         that it gives, {}: `starling backup` puts that key in a file that a passphrase opens",
        key.display()
    )))
}

fn qr(context: &Context) -> Result<(), Failure> {
    let author = context.home()?.author()?.to_string();
    if context.output.json {
        return context.output.object(&json!({ "author": author }));
    }
    print_qr(&context.output, &author)?;
    context.output.line(author)
}

/// Prints a QR code. Upper case takes half the modules, and ids and invites are read in either.
pub fn print_qr(output: &Output, text: &str) -> Result<(), Failure> {
    let code = QrCode::with_error_correction_level(text.to_uppercase(), EcLevel::L)
        .map_err(|_| Failure::failed("this is too long for a QR code").hint("share the text instead"))?;
    // Light on dark, as most terminals are: scanners read both, and the quiet zone tells them apart.
    let image = code
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build();
    output.line(image)
}

fn devices(context: &Context) -> Result<(), Failure> {
    let session = context.session()?;
    let id: answer::Identity = session.client.get("/api/starling/v1/id")?;
    if context.output.json {
        return context.output.object(&id);
    }
    for device in &id.devices {
        let here = if *device == id.device { "  (this one)" } else { "" };
        context.output.line(format!("{device}  speaks{here}"))?;
    }
    id.removed.iter().try_for_each(|device| context.output.line(format!("{device}  removed")))
}

fn remove(context: &Context, device: &DeviceKey, yes: bool) -> Result<(), Failure> {
    let home = context.home()?;
    if home.keys()?.device.public() == *device {
        return Err(
            Failure::new(Kind::Refused, "that is this device").hint("remove it from another device of yours")
        );
    }
    let known = Identity::verify(&home.identity()?).map_err(Failure::failed)?;
    confirm(
        &format!("{device} will never speak for {} again; what is held of it stays.", known.author()),
        yes,
    )?;
    let session = context.session()?;
    let path = format!("/api/starling/v1/devices/{device}/remove");
    let _: Value = session.client.post(&path, &json!({}))?;
    context
        .output
        .either(&json!({ "device": device.to_string(), "removed": true }), format!("removed {device}"))
}
