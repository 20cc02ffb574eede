
# --- consenting ---

Connect-Tenant
Find-Roles
Find-Principal

$reason = Grant-Consent
if ($reason) {
    Stop-Here 'consent cannot be given by who is logged in. That takes Privileged Role Administrator or Global Administrator.' @(
        $reason, "The page for it: $(Get-Link $permissionsPage)")
}
Say "Consent is given for: $($permissions -join ' ')"
Write-Line
