$driveList = @(
  @{
    DriveId = 'WD-JOB001'
    BitLockerKey = '*******'
    ManifestFile = '\DriveManifest.xml'
    ManifestHash = '2A086AD34003A31B894CB41A7AADBDB3'
    DriveHeaderHash = ''
  },
  @{
    DriveId = 'WD-JOB002'
    BitLockerKey = '*******'
    ManifestFile = '\DriveManifest.xml'
    ManifestHash = '314AC813F095F5A75A6388925F619DBC'
    DriveHeaderHash = ''
  }
)
