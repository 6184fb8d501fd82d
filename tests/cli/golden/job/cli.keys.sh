# Read this file (. ./FILE), then: az import-export create ... "$@"
set -- \
	--drive-list 'bit-locker-key=011011-011022-011033-011044-011055-011066-011077-011088' 'drive-header-hash=' 'drive-id=WD-JOB001' 'manifest-file=\DriveManifest.xml' 'manifest-hash=2A086AD34003A31B894CB41A7AADBDB3' \
	--drive-list 'bit-locker-key=022011-022022-022033-022044-022055-022066-022077-022088' 'drive-header-hash=' 'drive-id=WD-JOB002' 'manifest-file=\DriveManifest.xml' 'manifest-hash=314AC813F095F5A75A6388925F619DBC'
