$driveList = @(
  @{
    DriveId = 'WD-JOB001'
    BitLockerKey = '011011-011022-011033-011044-011055-011066-011077-011088'
    ManifestFile = '\DriveManifest.xml'
    ManifestHash = '2A086AD34003A31B894CB41A7AADBDB3'
    DriveHeaderHash = ''
  },
  @{
    DriveId = 'WD-JOB002'
    BitLockerKey = '022011-022022-022033-022044-022055-022066-022077-022088'
    ManifestFile = '\DriveManifest.xml'
    ManifestHash = '314AC813F095F5A75A6388925F619DBC'
    DriveHeaderHash = ''
  }
)
