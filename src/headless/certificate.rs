//! Certificates without screens: read from a file, or made, with the public half in a `.cer` to upload.

use std::path::{Path, PathBuf};

use super::output::Output;
use crate::{
    cli,
    credentials::certificate::{self, ClientCertificate},
    domain::{
        clock::{Clock, SystemClock},
        problem::Problem,
        secret::Secret,
    },
    files,
    jobs::JobError,
    profile::paths::Paths,
};

/// A certificate that the command line asked for. Dropped before its key was kept, it takes its `.cer` with it: to upload
/// one whose key is gone would help nobody.
#[derive(Debug)]
pub struct Given {
    pub certificate: ClientCertificate,
    written: Option<PathBuf>,
}

impl Given {
    /// Its key is in the keyring now. Says which certificate it is, and where its `.cer` lies.
    pub fn kept(mut self, output: &Output) {
        let view = self.certificate.view();
        output.say(format!(
            "certificate {}, thumbprint {}, valid until {}",
            view.subject,
            view.thumbprint_sha1_hex,
            view.not_after.strftime("%Y-%m-%d")
        ));
        if let Some(path) = self.written.take() {
            output.say(format!(
                "  next: upload {} to the app registration: Certificates & secrets, Certificates, Upload certificate",
                path.display()
            ));
        }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        if let Some(path) = self.written.take() {
            // It may be gone already.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The certificate that the command line asks for, if it asks for one. `password` opens the file's key.
///
/// # Errors
///
/// Why the file is not taken; or that the `.cer` cannot be written.
pub async fn given(
    args: &cli::CertificateArgs,
    password: Option<Secret>,
    paths: &Paths,
) -> Result<Option<Given>, JobError> {
    let now = SystemClock.now();
    let (args, paths) = (args.clone(), paths.clone());
    let work = move || match (&args.certificate, args.make_certificate) {
        (Some(path), _) => {
            let certificate = certificate::read_file(path, password.as_ref(), now)?;
            Ok(Some(Given { certificate, written: None }))
        }
        (None, true) => {
            let certificate = certificate::make("tenantry", now)?;
            let path = args.out.clone().unwrap_or_else(|| default_cer(&paths, &certificate));
            // It may be the only copy of something else.
            if path.exists() {
                return Err(Problem::new(format!("{} exists already", path.display()))
                    .code("file_exists")
                    .hint("Give another name with --out."));
            }
            write_cer(&path, &certificate)?;
            Ok(Some(Given { certificate, written: Some(path) }))
        }
        (None, false) => Ok(None),
    };
    let failed = |problem: Problem| JobError::Failed(Box::new(problem));
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(failed),
        Err(error) => Err(failed(Problem::new(format!("the certificate's work was stopped: {error}")))),
    }
}

/// Where a `.cer` goes unless somebody says otherwise.
pub fn default_cer(paths: &Paths, certificate: &ClientCertificate) -> PathBuf {
    let thumbprint = certificate.view().thumbprint_sha1_hex;
    paths.data.join("certificates").join(format!("tenantry-{}.cer", &thumbprint[..8]))
}

/// Writes the public half.
///
/// # Errors
///
/// With code `file_not_written`.
pub fn write_cer(path: &Path, certificate: &ClientCertificate) -> Result<(), Problem> {
    files::replace(path, &certificate.cer()).map_err(|error| {
        Problem::new(format!("the certificate cannot be written to {}: {error}", path.display()))
            .code("file_not_written")
            .hint("Make room, or let this user write there; the key was not kept.")
    })
}
