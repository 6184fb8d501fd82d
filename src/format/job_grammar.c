/* SPDX-License-Identifier: Apache-2.0 */
#include "format/job_grammar.h"

#define SIMPLE(title, kind) .name = (title), .type = (kind), .missing = TALLY_RULE_NONE
#define NEEDED(title, kind, sides, rule) .name = (title), .type = (kind), .needed = (sides), .missing = (rule)
#define OUTPUT(title, kind) .name = (title), .type = (kind), .output = true, .missing = TALLY_RULE_NONE

/* ---- Microsoft.ImportExport, 2016-11-01 to 2021-01-01 ---- */

static const tally_job_member resource[] = {
    {OUTPUT("id", JOB_TEXT)},
    {SIMPLE("name", JOB_TEXT), .check = tally_job_check_name},
    {SIMPLE("type", JOB_TEXT)},
    {NEEDED("location", JOB_TEXT, TALLY_JOB_CREATE, TALLY_RULE_R_21_REQUEST)},
    {SIMPLE("tags", JOB_ANY)},
    {SIMPLE("properties", JOB_OBJECT), .element = JOB_PROPERTIES},
    {SIMPLE("identity", JOB_OBJECT), .element = JOB_IDENTITY},
    {OUTPUT("systemData", JOB_ANY)},
    /* what a template's resource also has */
    {SIMPLE("apiVersion", JOB_TEXT)},
    {SIMPLE("comments", JOB_ANY)},
    {SIMPLE("condition", JOB_ANY)},
    {SIMPLE("copy", JOB_ANY)},
    {SIMPLE("dependsOn", JOB_ANY)},
    {SIMPLE("resources", JOB_ANY)},
    {SIMPLE("scope", JOB_ANY)},
};

static const tally_job_member properties[] = {
    {NEEDED("storageAccountId", JOB_TEXT, TALLY_JOB_CREATE, TALLY_RULE_R_21_REQUEST),
     .check = tally_job_check_account_id},
    {NEEDED("jobType", JOB_TEXT, TALLY_JOB_CREATE, TALLY_RULE_R_21_REQUEST), .check = tally_job_check_type},
    {SIMPLE("returnAddress", JOB_OBJECT), .element = JOB_RETURN_ADDRESS},
    {SIMPLE("returnShipping", JOB_OBJECT), .element = JOB_RETURN_SHIPPING},
    {SIMPLE("shippingInformation", JOB_OBJECT), .element = JOB_SHIPPING_INFORMATION},
    {SIMPLE("deliveryPackage", JOB_OBJECT), .element = JOB_DELIVERY_PACKAGE},
    {OUTPUT("returnPackage", JOB_OBJECT), .element = JOB_RETURN_PACKAGE},
    {SIMPLE("diagnosticsPath", JOB_TEXT), .check = tally_job_check_log_path},
    {SIMPLE("logLevel", JOB_TEXT), .check = tally_job_check_log_level},
    {SIMPLE("backupDriveManifest", JOB_BOOLEAN)},
    {SIMPLE("state", JOB_TEXT)}, /* what it may be depends on the side: job.c */
    {SIMPLE("cancelRequested", JOB_BOOLEAN)},
    {OUTPUT("percentComplete", JOB_PERCENT)},
    {OUTPUT("incompleteBlobListUri", JOB_TEXT)},
    {SIMPLE("driveList", JOB_OBJECTS), .element = JOB_DRIVE},
    {SIMPLE("export", JOB_OBJECT), .element = JOB_EXPORT},
    {OUTPUT("provisioningState", JOB_TEXT)},
    {SIMPLE("encryptionKey", JOB_OBJECT), .element = JOB_ENCRYPTION_KEY},
};

static const tally_job_member return_address[] = {
    {NEEDED("recipientName", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {NEEDED("streetAddress1", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {SIMPLE("streetAddress2", JOB_TEXT)},
    {NEEDED("city", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {SIMPLE("stateOrProvince", JOB_TEXT)},
    {NEEDED("postalCode", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {NEEDED("countryOrRegion", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {NEEDED("phone", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {NEEDED("email", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
};

static const tally_job_member return_shipping[] = {
    {NEEDED("carrierName", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {NEEDED("carrierAccountNumber", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
};

/* The datacenter's address, which the service fills in; only 2021-01-01 requires any of it. */
static const tally_job_member shipping_information[] = {
    {SIMPLE("recipientName", JOB_TEXT)},         {SIMPLE("streetAddress1", JOB_TEXT)},
    {SIMPLE("streetAddress2", JOB_TEXT)},        {SIMPLE("city", JOB_TEXT)},
    {SIMPLE("stateOrProvince", JOB_TEXT)},       {SIMPLE("postalCode", JOB_TEXT)},
    {SIMPLE("countryOrRegion", JOB_TEXT)},       {SIMPLE("phone", JOB_TEXT)},
    {OUTPUT("additionalInformation", JOB_TEXT)},
};

static const tally_job_member delivery_package[] = {
    {NEEDED("carrierName", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {NEEDED("trackingNumber", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_15)},
    {SIMPLE("driveCount", JOB_COUNT)},
    {SIMPLE("shipDate", JOB_TEXT)},
};

static const tally_job_member return_package[] = {
    {SIMPLE("carrierName", JOB_TEXT)},
    {SIMPLE("trackingNumber", JOB_TEXT)},
    {SIMPLE("driveCount", JOB_COUNT)},
    {SIMPLE("shipDate", JOB_TEXT)},
};

static const tally_job_member drive[] = {
    {NEEDED("driveId", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_07_REQUEST), .check = tally_job_check_drive_id},
    {NEEDED("bitLockerKey", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_07_REQUEST),
     .check = tally_job_check_bitlocker_key},
    {NEEDED("manifestFile", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_07_REQUEST),
     .check = tally_job_check_manifest_file},
    {NEEDED("manifestHash", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_07_REQUEST),
     .check = tally_job_check_manifest_hash},
    {SIMPLE("driveHeaderHash", JOB_TEXT), .check = tally_job_check_header_hash},
    {SIMPLE("state", JOB_TEXT), .check = tally_job_check_drive_state},
    {OUTPUT("copyStatus", JOB_TEXT), .check = tally_job_check_copy_status},
    {OUTPUT("percentComplete", JOB_PERCENT)},
    {OUTPUT("verboseLogUri", JOB_TEXT), .check = tally_job_check_uri},
    {OUTPUT("errorLogUri", JOB_TEXT), .check = tally_job_check_uri},
    {OUTPUT("manifestUri", JOB_TEXT), .check = tally_job_check_uri},
    {OUTPUT("bytesSucceeded", JOB_COUNT)},
};

static const tally_job_member selection[] = {
    {SIMPLE("blobList", JOB_OBJECT), .element = JOB_BLOB_LIST},
    {SIMPLE("blobListBlobPath", JOB_TEXT), .check = tally_job_check_blob_path},
    {SIMPLE("blobListblobPath", JOB_TEXT), .check = tally_job_check_blob_path}, /* so 2016-11-01 wrote it at first */
};

static const tally_job_member blob_list[] = {
    {SIMPLE("blobPath", JOB_TEXTS), .check = tally_job_check_blob_path},
    {SIMPLE("blobPathPrefix", JOB_TEXTS), .check = tally_job_check_blob_prefix},
};

static const tally_job_member encryption_key[] = {
    {SIMPLE("kekType", JOB_TEXT), .check = tally_job_check_kek_type},
    {SIMPLE("kekUrl", JOB_TEXT)},
    {SIMPLE("kekVaultResourceID", JOB_TEXT)},
};

static const tally_job_member identity[] = {
    {SIMPLE("type", JOB_TEXT)},
    {OUTPUT("principalId", JOB_TEXT)},
    {OUTPUT("tenantId", JOB_TEXT)},
    {SIMPLE("userAssignedIdentities", JOB_ANY)},
};

static const tally_job_member drive_key[] = {
    {SIMPLE("driveId", JOB_TEXT), .check = tally_job_check_drive_id},
    {SIMPLE("bitLockerKey", JOB_TEXT), .check = tally_job_check_bitlocker_key},
};

/* ---- Microsoft.DataBox: only what concerns drives of the customer ---- */

static const tally_job_member order[] = {
    {OUTPUT("id", JOB_TEXT)},   {SIMPLE("name", JOB_TEXT), .check = tally_job_check_name},
    {SIMPLE("type", JOB_TEXT)}, {NEEDED("location", JOB_TEXT, TALLY_JOB_CREATE, TALLY_RULE_R_21_REQUEST)},
    {SIMPLE("sku", JOB_ANY)},   {SIMPLE("properties", JOB_OBJECT), .element = ORDER_PROPERTIES},
};

static const tally_job_member order_properties[] = {
    {SIMPLE("details", JOB_OBJECT), .element = ORDER_DETAILS},
    {SIMPLE("transferType", JOB_TEXT)},
    {OUTPUT("status", JOB_TEXT), .check = tally_job_check_stage},
};

static const tally_job_member order_details[] = {
    {SIMPLE("jobDetailsType", JOB_TEXT)},
    {SIMPLE("importDiskDetailsCollection", JOB_DRIVES), .element = ORDER_IMPORT_DISK},
    {OUTPUT("exportDiskDetailsCollection", JOB_ANY)},
    {SIMPLE("enableManifestBackup", JOB_BOOLEAN)},
    {OUTPUT("copyProgress", JOB_OBJECTS), .element = ORDER_COPY_PROGRESS},
    {OUTPUT("jobStages", JOB_OBJECTS), .element = ORDER_STAGE},
};

static const tally_job_member order_import_disk[] = {
    {NEEDED("manifestFile", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_19), .check = tally_job_check_manifest_file},
    {NEEDED("manifestHash", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_19), .check = tally_job_check_manifest_hash},
    {NEEDED("bitLockerKey", JOB_TEXT, TALLY_JOB_REQUEST, TALLY_RULE_R_19), .check = tally_job_check_bitlocker_key},
    {OUTPUT("backupManifestCloudPath", JOB_TEXT)},
};

static const tally_job_member order_copy_progress[] = {
    {SIMPLE("serialNumber", JOB_TEXT), .check = tally_job_check_drive_id},
    {SIMPLE("copyStatus", JOB_TEXT), .check = tally_job_check_copy_status},
};

static const tally_job_member order_stage[] = {
    {SIMPLE("stageName", JOB_TEXT), .check = tally_job_check_stage},
};

/* ---- all of them ---- */

#define MEMBERS(table) .members = (table), .count = sizeof(table) / sizeof((table)[0])

static const tally_job_object objects[] = {
    [JOB_RESOURCE] = {MEMBERS(resource)},
    [JOB_PROPERTIES] = {MEMBERS(properties)},
    [JOB_RETURN_ADDRESS] = {MEMBERS(return_address)},
    [JOB_RETURN_SHIPPING] = {MEMBERS(return_shipping)},
    [JOB_SHIPPING_INFORMATION] = {MEMBERS(shipping_information)},
    [JOB_DELIVERY_PACKAGE] = {MEMBERS(delivery_package)},
    [JOB_RETURN_PACKAGE] = {MEMBERS(return_package)},
    [JOB_DRIVE] = {MEMBERS(drive)},
    [JOB_EXPORT] = {MEMBERS(selection)},
    [JOB_BLOB_LIST] = {MEMBERS(blob_list)},
    [JOB_ENCRYPTION_KEY] = {MEMBERS(encryption_key)},
    [JOB_IDENTITY] = {MEMBERS(identity)},
    [JOB_DRIVE_KEY] = {MEMBERS(drive_key)},
    [ORDER_RESOURCE] = {MEMBERS(order), .open = true},
    [ORDER_PROPERTIES] = {MEMBERS(order_properties), .open = true},
    [ORDER_DETAILS] = {MEMBERS(order_details), .open = true},
    [ORDER_IMPORT_DISK] = {MEMBERS(order_import_disk)},
    [ORDER_COPY_PROGRESS] = {MEMBERS(order_copy_progress), .open = true},
    [ORDER_STAGE] = {MEMBERS(order_stage), .open = true},
};

const tally_job_object *tally_job_object_of(tally_job_element element)
{
	return &objects[element];
}
