/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/outcome.h"

#include <stdio.h>

void tally_bitlocker_say(tally_bitlocker_outcome *outcome, tally_bitlocker_status status, tally_bitlocker_reason reason,
			 const char *format, ...)
{
	va_list arguments;
	*outcome = (tally_bitlocker_outcome){.status = status, .reason = reason};
	va_start(arguments, format);
	vsnprintf(outcome->text, sizeof outcome->text, format, arguments);
	va_end(arguments);
}

const char *tally_bitlocker_method_name(uint16_t method)
{
	static const char *const names[] = {"AES-CBC-128 with diffuser",
					    "AES-CBC-256 with diffuser",
					    "AES-CBC-128",
					    "AES-CBC-256",
					    "AES-XTS-128",
					    "AES-XTS-256"};
	return method >= 0x8000 && method <= 0x8005 ? names[method - 0x8000] : NULL;
}

const char *tally_bitlocker_protection_name(uint16_t protection)
{
	switch (protection) {
	case TALLY_BITLOCKER_CLEAR_KEY:
		return "clear key";
	case TALLY_BITLOCKER_TPM:
		return "TPM";
	case TALLY_BITLOCKER_EXTERNAL:
		return "external key";
	case TALLY_BITLOCKER_TPM_PIN:
		return "TPM and PIN";
	case TALLY_BITLOCKER_RECOVERY:
		return "recovery password";
	case TALLY_BITLOCKER_PUBLIC_KEY:
		return "public key";
	case TALLY_BITLOCKER_PASSWORD:
		return "password";
	default:
		return "unknown";
	}
}
